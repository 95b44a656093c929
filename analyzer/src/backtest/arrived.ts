/** The series of a replay as far as their rows have arrived: one of each host and kind, and one of each of their places. */
import { keyOf, subjectOf } from '../watch/build-series.js';
import { LOOK_BACK_MS } from '../watch/look-back.js';
import { PLACE_BIN_MS, WHOLE_BIN_MS } from '../watch/round.js';
import type { BurstHour } from '../watch/bursts.js';
import { Bins } from './bins.js';
import type { FailuresRow } from './rows.js';

const HOUR_S = 3_600;
export const isWhole = (bins: Bins): boolean => Object.keys(bins.of.where).length === 0;

export class Arrived {
  /** Series of whole hosts by `subjectOf`. */
  readonly whole = new Map<string, Bins>();
  readonly #places = new Map<string, Bins>();
  /** Named clients by the hour. */
  readonly #hours = new Map<string, Bins>();
  /** Those that rows arrived for since they were looked at last. */
  readonly dirty = new Set<Bins>();

  /** Adds a row of a watched kind to its host's series and to those of its places. */
  take(row: FailuresRow): void {
    const { project, host, kind, network, country, release } = row;
    const subject = { project, host, kind };
    this.#add(this.whole, subjectOf(subject), { ...subject, where: {} }, WHOLE_BIN_MS / 1000, row);
    for (const where of [{ network }, { country }, { release }]) {
      this.#add(this.#places, keyOf({ ...subject, where }), { ...subject, where }, PLACE_BIN_MS / 1000, row);
    }
  }

  /** Whether a row's client is heard for the first time in the hour with this host and kind; always where it has no name. Notes it. */
  isNewInHour({ project, host, kind, at, clients, client }: FailuresRow): boolean {
    if (client === undefined) return true;
    const subject = { project, host, kind };
    const bins = this.#hours.get(subjectOf(subject)) ?? new Bins({ ...subject, where: {} }, HOUR_S);
    this.#hours.set(subjectOf(subject), bins);
    return bins.add(at, clients, client);
  }

  /** How failures came together in the hour from `hourS`, by host and kind. */
  burstsIn(hourS: number): BurstHour[] {
    const [first, end] = [hourS / 60, (hourS + HOUR_S) / 60];
    const found = new Map<string, { of: Omit<Bins['of'], 'where'>; minutes: Map<number, number>; bursts: number }>();
    for (const { of, counts } of this.#places.values()) {
      if (of.where.network === undefined) continue;
      const { project, host, kind } = of;
      const subject = found.get(subjectOf(of)) ?? { of: { project, host, kind }, minutes: new Map<number, number>(), bursts: 0 };
      found.set(subjectOf(of), subject);
      let most = 0;
      for (const [minute, clients] of counts) {
        if (minute < first || minute >= end) continue;
        most = Math.max(most, clients);
        subject.minutes.set(minute, (subject.minutes.get(minute) ?? 0) + clients);
      }
      if (most >= 2) subject.bursts++;
    }
    return [...found.values()].map(({ of, minutes, bursts }) => {
      const all = [...minutes.values()];
      const failures = all.reduce((sum, n) => sum + n, 0);
      return { ...of, hour: hourS, failures, pairs: all.reduce((sum, n) => sum + (n * (n - 1)) / 2, 0), bursts };
    });
  }

  /**
   * Drops what is older than `fromS`; of places without findings what is older than a look back.
   *
   * @param slackS - Kept besides. @returns The places of which nothing is left.
   */
  forget(fromS: number, nowS: number, slackS: number, hasFindings: (bins: Bins) => boolean): Bins[] {
    for (const bins of [...this.whole.values(), ...this.#hours.values()]) bins.forget(fromS);
    const gone: Bins[] = [];
    for (const [key, bins] of this.#places) {
      bins.forget(hasFindings(bins) ? fromS : nowS - LOOK_BACK_MS / 1000 - slackS);
      if (bins.counts.size > 0) continue;
      this.#places.delete(key);
      this.dirty.delete(bins);
      gone.push(bins);
    }
    return gone;
  }

  #add(all: Map<string, Bins>, key: string, of: Bins['of'], binS: number, { at, clients, client }: FailuresRow): void {
    const bins = all.get(key) ?? new Bins(of, binS);
    all.set(key, bins);
    if (bins.add(at, clients, client)) this.dirty.add(bins);
  }
}
