/** Whether the failures lie in few of the cells, though no name tells which: then the cause lies in an attribute that was not handed in. */
import { sumOf } from './exposure.js';
import type { Table } from './table.js';

/** Variance of the true rates of cells, in squares of their mean, from which on they are no longer alike. Usual ones stray by about their mean: 1 to 2. */
const PATCHY = 4;
/** How sure that must be, in standard deviations, and how many pairs of failures of one cell it must rest on. */
const DEVIATIONS = 5;
const LEAST_PAIRS = 5;

/**
 * The over-dispersion of counts against one rate for all (the score test of Dean and Lawless 1989): sum of (x - m)² - x, whose deviation is the root of 2 · sum of m²
 * where all cells have one rate. Without attempts nothing tells how large cells are, and none are called patchy.
 */
export function isPatchy(table: Table): boolean {
  const { failures, exposure, size, counted } = table;
  if (!counted) return false;
  const rate = sumOf(failures) / Math.max(sumOf(exposure), Number.MIN_VALUE);
  let beyond = 0;
  let squares = 0;
  for (let i = 0; i < size; i++) {
    const x = failures[i] ?? 0;
    const mean = rate * (exposure[i] ?? 0);
    beyond += (x - mean) ** 2 - x;
    squares += mean * mean;
  }
  return beyond >= 2 * LEAST_PAIRS && beyond >= PATCHY * squares && beyond >= DEVIATIONS * Math.sqrt(2 * squares);
}
