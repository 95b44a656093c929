import { logGamma } from '../detect/tails.js';

const Z = 1.959964;

/** Wilson's 95 % interval of a share. @param hits - 0..n. @param n - > 0. */
export function shareInterval(hits: number, n: number): { readonly low: number; readonly high: number } {
  if (!(n > 0)) return { low: 0, high: 1 };
  const p = Math.min(1, Math.max(0, hits / n));
  const centre = (p + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n);
  const half = (Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2))) / (1 + Z ** 2 / n);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** Byar's 95 % interval of a count's mean. @param count - >= 0. */
export function countInterval(count: number): { readonly low: number; readonly high: number } {
  const upper = count + 1;
  return {
    low: count <= 0 ? 0 : count * Math.max(0, 1 - 1 / (9 * count) - Z / (3 * Math.sqrt(count))) ** 3,
    high: upper * (1 - 1 / (9 * upper) + Z / (3 * Math.sqrt(upper))) ** 3,
  };
}

/** ln of the number of ways to choose k of n; 0 where k is out of range. */
export function logChoose(n: number, k: number): number {
  return k <= 0 || k >= n ? 0 : logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}
