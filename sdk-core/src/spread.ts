/**
 * How long agents wait that were cut off together, so that they do not return together: a random share of a time that grows with
 * how long they were cut off. What is hours old loses nothing by minutes.
 */

const MINUTE_MS = 60_000;

/** After the network came back: the first envelope asks whether the way is open. */
export const PROBE_SPREAD = { share: 1 / 120, leastMs: 5_000, mostMs: 2 * MINUTE_MS };
/** After the service came back, which everybody's requests notice within a minute. */
export const RECOVERY_SPREAD = { share: 1 / 8, leastMs: 5_000, mostMs: 20 * MINUTE_MS };
/** After the first envelope of a backlog was taken: the rest of it. */
export const BACKLOG_SPREAD = { share: 1 / 8, leastMs: MINUTE_MS, mostMs: 30 * MINUTE_MS };

/**
 * @param ageMs - How long it lasted.
 * @returns Milliseconds in [0, share · ageMs), the upper end kept within [leastMs, mostMs]. Never throws.
 */
export function spreadMs(ageMs: number, { share, leastMs, mostMs }: typeof PROBE_SPREAD, random: () => number): number {
  return random() * Math.min(Math.max(share * ageMs, leastMs), mostMs);
}
