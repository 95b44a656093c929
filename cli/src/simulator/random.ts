/** Numbers that are the same for the same seed: every part of the world draws from a stream of its own name, so that parts do not shift each other. */

/** Uniform in [0, 1). */
export type Random = () => number;

/** A stream of random numbers of a seed and a name (FNV-1a into mulberry32). Not for secrets. */
export function stream(seed: number, name: string): Random {
  let a = 0x811c9dc5 ^ seed;
  for (let i = 0; i < name.length; i++) a = Math.imul(a ^ name.charCodeAt(i), 0x01000193);
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Standard normal (Box and Muller). */
export const normal = (random: Random): number => Math.sqrt(-2 * Math.log(Math.max(random(), 1e-12))) * Math.cos(2 * Math.PI * random());

/** A Poisson count: exact by products up to a mean of 30, above by the rounded normal. @param mean - >= 0. */
export function poisson(random: Random, mean: number): number {
  if (!(mean > 0)) return 0;
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const limit = Math.exp(-mean);
  let product = random();
  let n = 0;
  while (product > limit) {
    product *= random();
    n++;
  }
  return n;
}

/** Between `low` and `high`, evenly on a logarithmic scale; both > 0. */
export const logUniform = (random: Random, low: number, high: number): number => low * (high / low) ** random();

/** Index drawn by cumulative weights (rising, the last one the total). */
export function drawIndex(random: Random, cumulative: readonly number[] | Float64Array): number {
  const wanted = random() * (cumulative.at(-1) ?? 0);
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 0) > wanted) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Sums up to each weight. */
export function cumulate(weights: readonly number[]): number[] {
  let sum = 0;
  return weights.map((w) => (sum += w));
}
