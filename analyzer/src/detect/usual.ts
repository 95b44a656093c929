/** What stretches of equal length before let expect of one more, where nothing else is known of them. Pure. */

/** Failures that an unknown level is worth (Jeffreys), and how far the true level strays within hours. */
const PRIOR = 0.5;
const LEVEL_SD = 0.1;

/**
 * The level is a gamma of what was seen before; without any the half one of the prior is left.
 *
 * @param before - Counted in all of the stretches together, >= 0. @param stretches - How many; less than one counts as one.
 * @returns Mean and variance of a negative binomial.
 */
export function usualOf(before: number, stretches: number): { readonly mean: number; readonly variance: number } {
  const seen = before + PRIOR;
  const mean = seen / Math.max(1, stretches);
  return { mean, variance: mean + mean ** 2 * (1 / seen + LEVEL_SD ** 2) };
}
