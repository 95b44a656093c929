/** How a number of clients is said. */

export interface PublishedCount {
  /** The number, or null where it is below what may be said. */
  readonly value: number | null;
  /** The same in words: `0`, `< 5`, `37`, `about 35`, `< 10`. */
  readonly text: string;
}

/** Cells that name a network, country, release, runtime, os or route are rounded to a multiple of this, so that one client more or less does not show. */
export const ROUNDING = 5;
/** Counts by project, host and kind alone are exact from here on. */
export const EXACT_FROM = 5;
/** No configuration may lower k below this. */
export const LEAST_K = 2;
export const DEFAULT_K = 10;

/** A number of clients by project × host × kind alone: exact, but 1 to 4 are `< 5`. Unusable numbers are 0. */
export function plainCount(clients: number): PublishedCount {
  const n = Number.isFinite(clients) ? Math.max(0, Math.round(clients)) : 0;
  return n > 0 && n < EXACT_FROM ? { value: null, text: `< ${EXACT_FROM}` } : { value: n, text: String(n) };
}

/** A number of clients in an identifying cell: hidden below k (0 too, for "none" would tell that others are some), else rounded. */
export function cellCount(clients: number, k: number): PublishedCount {
  const least = Math.max(LEAST_K, k);
  if (!(clients >= least)) return { value: null, text: `< ${least}` };
  const rounded = Math.max(ROUNDING, Math.round(clients / ROUNDING) * ROUNDING);
  return { value: rounded, text: `about ${rounded}` };
}
