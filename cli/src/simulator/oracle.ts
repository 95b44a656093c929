/**
 * One who knows: how likely the counts are with the incident as it truly is, beside how likely they are without it, over all that it shows in.
 *
 * Counts are Poisson with means that are known before they are drawn, so the likelihood ratio of a count x is (1 + a/b)^x · e^-a, b being the usual
 * mean and a what the incident adds; those of different hosts, places, kinds and bins multiply. Without an incident the running product is a
 * martingale with mean 1, so it ever reaches 1/p with a probability of p at most (Ville 1939; the bound of Wald's sequential test, 1945). Its largest value
 * thus bounds how improbable all of it is, whenever one looked.
 */

/** Improbability at which one who knows would speak: about one false word a year over a thousand cells. */
const SPEAKS_P = 1e-9;
/** No mean is less than this: a count where nothing ever fails would prove everything. */
const LEAST_MEAN = 1e-12;
const LEAST_LOG10_P = -300;

export class Oracle {
  #sum = 0;
  #most = 0;
  /** When it would have spoken, s; null where never. */
  foundAt: number | null = null;

  /** log10 of the bound of how improbable it is without the incident, -300..0. */
  get log10P(): number {
    return Math.max(LEAST_LOG10_P, 0 - this.#most / Math.LN10);
  }

  /** Adds a count, in order of time. @param at - When it is known, s. @param usual - Its mean without the incident. @param added - What the incident adds to it. */
  see(at: number, count: number, usual: number, added: number): void {
    if (!(added > 0)) return;
    this.#sum += count * Math.log1p(added / Math.max(usual, LEAST_MEAN)) - added;
    this.#most = Math.max(this.#most, this.#sum);
    if (this.foundAt === null && this.#sum >= -Math.log(SPEAKS_P)) this.foundAt = at;
  }
}
