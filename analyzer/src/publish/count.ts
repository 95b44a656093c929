/** How a number of clients is said. */
import { GRID } from './windows.js';

export interface PublishedCount {
  /** The number, or null where it is below what may be said. */
  readonly value: number | null;
  /** The same in words: `0`, `< 5`, `37`, `about 35`, `< 10`. */
  readonly text: string;
}

/** Cells that name a network, country, release, runtime, os or route are rounded to a multiple of this, so that one client more or less does not show. */
export const ROUNDING = 5;
export const rounded = (n: number): number => Math.round(n / ROUNDING) * ROUNDING;
/** Counts by project, host and kind alone are exact from here on. */
export const EXACT_FROM = 5;
const SHORTEST_WINDOW_MS = Math.min(...Object.values(GRID));
/** No configuration may lower k below this. */
export const LEAST_K = 2;
export const DEFAULT_K = 10;

/** A number of clients by project × host × kind alone: exact, but 1 to 4 are `< 5`. Unusable numbers are 0. */
export function plainCount(clients: number): PublishedCount {
  const n = Number.isFinite(clients) ? Math.max(0, Math.round(clients)) : 0;
  return n > 0 && n < EXACT_FROM ? { value: null, text: `< ${EXACT_FROM}` } : { value: n, text: String(n) };
}

/**
 * A number of clients by project × host × kind alone, by how long they were counted. As long as a window of the grid they are the very clients of a breakdown,
 * so the number is rounded as its total is: exact, it would tell what the cells shown there leave.
 */
export function hostCount(clients: number, spanMs: number): PublishedCount {
  const plain = plainCount(clients);
  return plain.value === null || plain.value === 0 || spanMs < SHORTEST_WINDOW_MS ? plain : about(rounded(plain.value));
}

const about = (value: number): PublishedCount => ({ value, text: `about ${value}` });

/** A number of clients in an identifying cell: hidden below k (0 too, for "none" would tell that others are some), else rounded. */
export function cellCount(clients: number, k: number): PublishedCount {
  const least = Math.max(LEAST_K, k);
  if (!(clients >= least)) return { value: null, text: `< ${least}` };
  return about(Math.max(ROUNDING, rounded(clients)));
}
