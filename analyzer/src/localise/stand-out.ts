/** Whether places fail more than what lies outside of them, by more than their share of the load can be wrong. */
import type { Cell, LocaliseOptions } from './cell.js';
import { withDefaults } from './options.js';
import { cellsOf, expectedOf } from './place.js';
import type { Place } from './place.js';
import { tableOf } from './table.js';
import type { Table } from './table.js';

/** Places that hold most of the load must stand out the more: with enough names anything can be said. Up to so many times. */
const LEAST_OPEN = 0.1;
/** How many times the excess rate outside that of a place must be: what a place is thought to hold of the load may be wrong by half. */
const LEAST_CONTRAST = 2;

/**
 * The places that stand out from what is outside of all of them, or from the whole where they hold all of it. A fault everywhere shows in every place;
 * in a large one, or one where more clients are awake than was thought, so plainly that by the counts alone it would pass for the cause.
 *
 * @param places - The surest first. @param of - The cells that are looked at. @returns Those that remain when the least outstanding are given up, one by one.
 */
export function standingOut<T extends Pick<Place, 'dimensions' | 'codes'>>(
  table: Table,
  places: readonly T[],
  of: Int32Array,
  contrast = LEAST_CONTRAST,
): readonly T[] {
  const looked = new Uint8Array(table.size);
  for (const i of of) looked[i] = 1;
  let kept = places.map((place) => ({ place, cells: cellsOf(table, place).filter((i) => looked[i] === 1) }));
  while (kept.length > 0) {
    const taken = new Uint8Array(table.size);
    // A place is judged by what the ones before it leave of it.
    const rates = kept.map(({ cells }) => {
      const own = cells.filter((i) => taken[i] === 0);
      for (const i of own) taken[i] = 1;
      return rateOf(table, own);
    });
    const outside = of.filter((i) => taken[i] === 0);
    const usual = rateOf(table, outside.length > 0 ? outside : of);
    const least = rates.indexOf(Math.min(...rates));
    const open =
      1 -
      exposureOf(
        table,
        of.filter((i) => taken[i] === 1),
      ) /
        exposureOf(table, of);
    if ((rates[least] ?? 0) >= (contrast * usual) / Math.max(LEAST_OPEN, open)) break;
    kept = kept.filter((_, at) => at !== least);
  }
  return kept.map(({ place }) => place);
}

/**
 * Of places that something else than `localise` found, those that stand out; as many as hold any cell and differ from the rest.
 *
 * @param cells, options - As of `localise`. Pure; never throws.
 */
export function outstanding<W extends Readonly<Record<string, string | undefined>>>(
  cells: readonly Cell[],
  places: readonly W[],
  options: Pick<LocaliseOptions, 'dimensions' | 'baselineScale'>,
): readonly W[] {
  const { dimensions, baselineScale } = withDefaults(cells, options);
  const table = tableOf(cells, dimensions, baselineScale);
  const named = places.flatMap((where) => {
    const own = dimensions.flatMap((d, at) => (where[d] === undefined ? [] : [{ at, code: table.values[at]?.indexOf(where[d]) ?? -1 }]));
    return own.some(({ code }) => code < 0) ? [] : [{ where, dimensions: own.map((o) => o.at), codes: own.map((o) => o.code) }];
  });
  const all = Int32Array.from({ length: table.size }, (_, i) => i);
  return standingOut(table, named, all).map(({ where }) => where);
}

/** Excess per exposure; per usual failures where exposures are not known. */
function rateOf(table: Table, cells: readonly number[] | Int32Array): number {
  const sum = (column: Float64Array): number => {
    let total = 0;
    for (const i of cells) total += column[i] as number;
    return total;
  };
  const failures = sum(table.failures);
  const exposure = sum(table.exposure);
  const expected = expectedOf({ before: sum(table.before), exposure, exposureBefore: sum(table.exposureBefore) });
  const per = table.counted ? exposure : (expected + table.usualRate * exposure) / 2;
  return failures <= expected ? 0 : (failures - expected) / Math.max(per, Number.MIN_VALUE);
}

function exposureOf(table: Table, cells: Int32Array): number {
  let total = 0;
  for (const i of cells) total += table.exposure[i] as number;
  return Math.max(total, Number.MIN_VALUE);
}
