/**
 * How many clients fail of whom none of their failures was drawn, where agents tell a share of their failures only.
 *
 * A client that fails n times is heard of with probability 1 - (1 - s)^n, and of those that are heard of each tells n·s ÷ that on average. So the mean of
 * what the heard ones tell gives n (the zero-truncated binomial, David & Johnson 1952), and n gives how many are unheard (Horvitz & Thompson 1952).
 * It takes all clients to fail equally often: where few fail much oftener than the others, too few are thought to be unheard. Pure.
 */

/** Times by which the heard ones are multiplied: best guess, least and most. */
export interface Unseen {
  readonly times: number;
  readonly low: number;
  readonly high: number;
}

/** Where every failure is told. */
export const ALL_SEEN: Unseen = { times: 1, low: 1, high: 1 };
/** A sampling above this is none that matters. */
const ALL = 0.99;
const LEAST_SHARE = 1e-4;
const Z = 1.96;
const HALVINGS = 60;
const MOST_FAILURES = 1e6;

/**
 * @param clients - Different clients heard of. @param requests - Failures that they told. @param weight - What these stand for, >= `requests`.
 * @returns Factors >= 1, low <= times <= high; 1 where nothing is sampled or known.
 */
export function unseenClients({ clients, requests, weight }: { clients: number; requests: number; weight: number }): Unseen {
  const share = requests / weight;
  if (!(clients > 0) || !(requests > 0) || !(share < ALL)) return ALL_SEEN;
  const drawn = Math.max(LEAST_SHARE, share);
  const mean = Math.max(1, requests / clients);
  // Poisson, as to chance; with hardly any beyond one each the guess could be that all failed once.
  const sd = Math.sqrt(Math.max(mean - 1, 1 / clients) / clients);
  const timesAt = (told: number): number => 1 / heardOf(failuresOf(told, drawn), drawn);
  const [times, least, most] = [timesAt(mean), timesAt(mean + Z * sd), timesAt(Math.max(1, mean - Z * sd))];
  // And the chance of who is heard at all.
  const chance = (by: number): number => Z * Math.sqrt((1 - 1 / by) / clients);
  return { times, low: Math.max(1, least * (1 - chance(least))), high: most * (1 + chance(most)) };
}

const heardOf = (failures: number, share: number): number => -Math.expm1(failures * Math.log1p(-share));

/** Failures of a client, >= 1, of which those heard of tell so many on average. */
function failuresOf(told: number, share: number): number {
  let [low, high] = [1, MOST_FAILURES];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = Math.sqrt(low * high);
    if ((middle * share) / heardOf(middle, share) < told) low = middle;
    else high = middle;
  }
  return low;
}
