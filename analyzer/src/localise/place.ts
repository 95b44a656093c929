/** One place: a value of one to three dimensions, and what happened there. */
import type { Table } from './table.js';

export interface Place {
  /** Indexes of dimensions, and of the value of each. */
  readonly dimensions: readonly number[];
  readonly codes: readonly number[];
  readonly cells: number;
  readonly failures: number;
  readonly before: number;
  readonly exposure: number;
  readonly exposureBefore: number;
  /** How much likelier the failures are with a changed rate here than without, in nats, less the price of naming the place. */
  readonly gain: number;
}

/** What naming any place costs, in nats: it must be e^5 times likelier than not naming it; and for each dimension, ln of its values. */
const PLACE_PRICE = 5;
/** Failures that the usual rate of all cells weighs against a place's own baseline. */
const PRIOR_SHAPE = 2;

export function priceOf(table: Table, dimensions: readonly number[]): number {
  return dimensions.reduce((price, d) => price + Math.log(Math.max(2, table.values[d]?.length ?? 2)), PLACE_PRICE);
}

/**
 * The log-likelihood ratio of a changed rate against an unchanged one, two Poisson counts with their exposures (Przyborowski and Wilenski 1940), where the
 * baseline is drawn to the usual rate of all cells by a gamma prior of two failures. 0 for a fall.
 */
export function gainOf(failures: number, before: number, exposure: number, exposureBefore: number, usualRate: number): number {
  const known = before + PRIOR_SHAPE;
  const over = exposureBefore + PRIOR_SHAPE / usualRate;
  const share = exposure / (exposure + over);
  const expected = (failures + known) * share;
  if (failures <= expected || expected <= 0) return 0;
  return failures * Math.log(failures / expected) + known * Math.log(known / ((failures + known) * (1 - share)));
}

/** Failures to be expected of an exposure, by the baseline of the place itself. */
export function expectedOf({ before, exposure, exposureBefore }: Pick<Place, 'before' | 'exposure' | 'exposureBefore'>): number {
  return exposureBefore > 0 ? (before / exposureBefore) * exposure : 0;
}

/** Indexes of the cells of a place. */
export function cellsOf(table: Table, place: Pick<Place, 'dimensions' | 'codes'>): number[] {
  const members: number[] = [];
  const columns = place.dimensions.map((d) => table.codes[d] as Int32Array);
  for (let i = 0; i < table.size; i++) if (columns.every((column, k) => column[i] === place.codes[k])) members.push(i);
  return members;
}

export function whereOf(table: Table, place: Pick<Place, 'dimensions' | 'codes'>): Readonly<Record<string, string>> {
  return Object.fromEntries(place.dimensions.map((d, k) => [table.dimensions[d] ?? '', table.values[d]?.[place.codes[k] ?? 0] ?? '']));
}
