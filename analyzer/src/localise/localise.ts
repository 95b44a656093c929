/**
 * Where an excess lies: the fewest, least specific places that explain it.
 *
 * Model: inside a place all cells are lifted by one factor (the ripple effect of HotSpot and Squeeze), outside nothing changed. What a place
 * gains is the log-likelihood ratio of its two counts (`place.ts`), less a price for naming it. Places are taken greedily from what is left; one
 * that two or more narrower places explain better gives way to them; one that does not stand out from the rest is dropped. Their sum is then set against one place without any name
 * ("everywhere"), which pays nothing. A place that holds all cells is no place: where it matters that other networks were not hit, hand
 * in their cells with 0 failures. Read for the ideas: Adtributor (NSDI 2014), HotSpot (2018), Squeeze (2019), RiskLoc (2022), RobustSpot (2022).
 */
import { logChoose } from './bounds.js';
import type { Cell, Localisation, LocaliseOptions } from './cell.js';
import { describe } from './describe.js';
import { sumOf } from './exposure.js';
import { withDefaults } from './options.js';
import { cellsOf, expectedOf, gainOf, priceOf } from './place.js';
import type { Place } from './place.js';
import { isPatchy } from './patchy.js';
import { rank } from './rank.js';
import { standingOut } from './stand-out.js';
import { tableOf } from './table.js';
import type { Table } from './table.js';

const MAX_ALTERNATIVES = 5;
/** Failures beyond the expected below which no place is named. */
const MIN_EXCESS = 3;
/** Places that leave no more than this share of the excess outside, and fail so many times as often, are the cause, however surely the rest is raised as well. */
const MOST_UNEXPLAINED = 0.2;
const PLAIN_CONTRAST = 10;
/** Log likelihood ratio below which the whole may be no more than chance. */
const SURE = 3;

/**
 * @param cells - One cell per combination of values that occurs, over any dimension names; unusable numbers count as 0.
 * @param options - See LocaliseOptions.
 * @returns Causes with their share of the excess, other readings, and why when there is no cause. Pure; never throws.
 */
export function localise(cells: readonly Cell[], options: LocaliseOptions = {}): Localisation {
  const { baselineScale, dimensions, maxDepth: depth, maxCauses, minShare } = withDefaults(cells, options);
  const table = tableOf(cells, dimensions, baselineScale);
  const failures = sumOf(table.failures);
  const whole = wholeOf(table);
  const total = failures - expectedOf(whole);
  if (failures === 0) return nothing('no_excess');
  if (total > 0 && total < MIN_EXCESS) return nothing('too_few');

  const all = Int32Array.from({ length: table.size }, (_, i) => i);
  const ranked = rank(table, all, depth);
  const found: Place[] = [];
  const members = new Map<Place, readonly number[]>();
  const taken = new Uint8Array(table.size);
  let left = all;
  for (let next = ranked[0]; next !== undefined && found.length < maxCauses; next = rank(table, left, depth)[0]) {
    const places = narrower(table, next, left, depth).slice(0, maxCauses - found.length);
    const worth = places.filter((place) => excessOf(place) >= Math.max(MIN_EXCESS, minShare * total));
    if (worth.length === 0) break;
    found.push(...worth);
    for (const place of worth) {
      const own = cellsOf(table, place).filter((i) => taken[i] === 0);
      for (const i of own) taken[i] = 1;
      members.set(place, own);
    }
    left = left.filter((i) => taken[i] === 0);
  }

  const chosen = standingOut(table, found, all);
  const everywhere = gainOf(whole.failures, whole.before, whole.exposure, whole.exposureBefore, table.usualRate);
  const most = table.values.reduce((n, values) => Math.max(n, values.length), 2);
  const placed = chosen.reduce((sum, { gain }) => sum + gain, 0) - logChoose(most, chosen.length) / 2;
  // What fell elsewhere since the baseline must not make a place explain more than there is.
  const excess = Math.max(
    total,
    chosen.reduce((sum, place) => sum + excessOf(place), 0),
  );
  const alternatives = ranked
    .filter((place) => !chosen.some((other) => sameName(place, other)))
    .slice(0, MAX_ALTERNATIVES)
    .map((place) => describe(table, place, Math.max(excess, excessOf(place), Number.MIN_VALUE)));
  const inside = new Uint8Array(table.size);
  for (const place of chosen) for (const i of cellsOf(table, place)) inside[i] = 1;
  const outside = wholeOf(
    table,
    all.filter((i) => inside[i] === 0),
  );
  const unexplained = Math.min(1, Math.max(0, excessOf(outside) / Math.max(excess, Number.MIN_VALUE)));
  const isPlain = (): boolean =>
    unexplained <= MOST_UNEXPLAINED && standingOut(table, chosen, all, PLAIN_CONTRAST).length === chosen.length;
  if (chosen.length === 0 || (placed <= everywhere && !isPlain())) {
    return { causes: [], alternatives, unexplained: 1, reason: reasonOf(table, total, everywhere) };
  }
  return { causes: chosen.map((place) => describe(table, place, excess, members.get(place))), alternatives, unexplained, reason: 'placed' };
}

/** Why no place is named. @param gain - Of the whole. */
function reasonOf(table: Table, total: number, gain: number): Localisation['reason'] {
  if (total <= 0 || gain < SURE) return 'no_excess';
  return table.dimensions.length === 0 || isPatchy(table) ? 'not_in_these_dimensions' : 'everywhere';
}

const excessOf = (place: Parameters<typeof expectedOf>[0] & { readonly failures: number }): number => place.failures - expectedOf(place);

/** The place itself, or the narrower ones inside it that together explain more, though each has to be named. */
function narrower(table: Table, place: Place, left: Int32Array, depth: number): readonly Place[] {
  const isInside = new Uint8Array(table.size);
  for (const i of cellsOf(table, place)) isInside[i] = 1;
  const inside = left.filter((i) => isInside[i] === 1);
  let rest = inside;
  const parts: Place[] = [];
  let gain = 0;
  for (let tries = 0; tries < 3; tries++) {
    // What the very same cells are called besides is no part.
    const best = rank(table, rest, depth).find(({ cells }) => cells < place.cells);
    // A part that reaches beyond the place has not been judged as a whole: it is named inside of it.
    const part = best !== undefined && cellsOf(table, best).some((i) => isInside[i] === 0) ? within(table, best, place) : best;
    if (part === undefined || part.dimensions.length > depth) break;
    const cells = cellsOf(table, part);
    parts.push(part);
    gain += part.gain;
    const own = new Set(cells);
    rest = rest.filter((i) => !own.has(i));
  }
  if (parts.length < 2 || gain <= place.gain) return [place];
  // What the parts leave of the place may have failed as well, if less: then it is named after them, and need not stand out from itself.
  const whole = parts.filter((part) => sameName(part, place));
  const apart = [
    ...standingOut(
      table,
      parts.filter((part) => !whole.includes(part)),
      inside,
    ),
    ...whole,
  ];
  return apart.length > 1 ? apart : [place];
}

/** A place by the names of another as well, which hold for all of its cells that are looked at. */
function within(table: Table, part: Place, place: Place): Place {
  const code = new Map([...part.dimensions, ...place.dimensions].map((d, k) => [d, [...part.codes, ...place.codes][k] ?? -1]));
  const dimensions = [...code.keys()].sort((a, b) => a - b);
  const gain = part.gain + priceOf(table, part.dimensions) - priceOf(table, dimensions);
  return { ...part, dimensions, codes: dimensions.map((d) => code.get(d) ?? -1), gain };
}

function wholeOf(table: Table, of?: Int32Array): Pick<Place, 'failures' | 'before' | 'exposure' | 'exposureBefore'> {
  const sum = (column: Float64Array): number => (of === undefined ? sumOf(column) : of.reduce((s, i) => s + (column[i] ?? 0), 0));
  return {
    failures: sum(table.failures),
    before: sum(table.before),
    exposure: sum(table.exposure),
    exposureBefore: sum(table.exposureBefore),
  };
}

const nothing = (reason: Localisation['reason']): Localisation => ({ causes: [], alternatives: [], unexplained: 1, reason });

function sameName(a: Place, b: Place): boolean {
  return a.dimensions.join() === b.dimensions.join() && a.codes.join() === b.codes.join();
}
