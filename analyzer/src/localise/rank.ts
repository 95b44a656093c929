/** The places that explain the failures of some cells best. The inner loops run over millions of cells, hence the plain arrays. */
import { gainOf, priceOf } from './place.js';
import type { Place } from './place.js';
import type { Table } from './table.js';

/** How many values of each dimension enter combinations. */
const BEAM = 24;
/** Places worth less than this part of the best are no other reading of it. */
const WORTH_KEEPING = 0.5;

class Sums {
  readonly cells: Int32Array;
  readonly failures: Float64Array;
  readonly before: Float64Array;
  readonly exposure: Float64Array;
  readonly exposureBefore: Float64Array;

  constructor(size: number) {
    this.cells = new Int32Array(size);
    this.failures = new Float64Array(size);
    this.before = new Float64Array(size);
    this.exposure = new Float64Array(size);
    this.exposureBefore = new Float64Array(size);
  }

  /** Adds up the cells of `of`, each at the place that `slots` names; those with a negative slot are left out. */
  add(table: Table, of: Int32Array, slots: Int32Array): void {
    const { failures, before, exposure, exposureBefore } = table;
    for (let k = 0; k < of.length; k++) {
      const slot = slots[k] as number;
      if (slot < 0) continue;
      const i = of[k] as number;
      (this.cells[slot] as number)++;
      this.failures[slot] = (this.failures[slot] as number) + (failures[i] as number);
      this.before[slot] = (this.before[slot] as number) + (before[i] as number);
      this.exposure[slot] = (this.exposure[slot] as number) + (exposure[i] as number);
      this.exposureBefore[slot] = (this.exposureBefore[slot] as number) + (exposureBefore[i] as number);
    }
  }

  at(slot: number): Omit<Place, 'dimensions' | 'codes' | 'gain'> {
    return {
      cells: this.cells[slot] ?? 0,
      failures: this.failures[slot] ?? 0,
      before: this.before[slot] ?? 0,
      exposure: this.exposure[slot] ?? 0,
      exposureBefore: this.exposureBefore[slot] ?? 0,
    };
  }

  gain(slot: number, usualRate: number): number {
    return gainOf(
      this.failures[slot] as number,
      this.before[slot] as number,
      this.exposure[slot] as number,
      this.exposureBefore[slot] as number,
      usualRate,
    );
  }
}

/** Sets of 2 to `depth` dimensions. */
function combinations(count: number, depth: number): number[][] {
  const sets: number[][] = [];
  const extend = (from: number, set: number[]): void => {
    if (set.length >= 2) sets.push(set);
    if (set.length === depth) return;
    for (let d = from; d < count; d++) extend(d + 1, [...set, d]);
  };
  extend(0, []);
  return sets;
}

/**
 * @param of - Indexes of the cells that are looked at. @param depth - Dimensions that may name one place, 1..3.
 * @returns Places that failed beyond the expected, best first. Places with the very same cells stand together, the least specific and
 * then the preferred dimension first: they explain the very same, so the price must not choose the name.
 */
export function rank(table: Table, of: Int32Array, depth: number): Place[] {
  const found: Place[] = [];
  let best = 0;
  const consider = (sums: Sums, slot: number, dimensions: readonly number[], codes: () => number[], price: number): boolean => {
    if ((sums.failures[slot] as number) === 0) return false;
    const gain = sums.gain(slot, table.usualRate) - price;
    if (gain <= 0 || gain < best * WORTH_KEEPING) return gain > -price;
    best = Math.max(best, gain);
    found.push({ dimensions, codes: codes(), ...sums.at(slot), gain });
    return true;
  };

  /** By dimension: where in its beam the value of each looked-at cell stands, or -1. */
  const beams = table.codes.map((codes, d) => {
    const slots = new Int32Array(of.length);
    for (let k = 0; k < of.length; k++) slots[k] = codes[of[k] as number] as number;
    const sums = new Sums(table.values[d]?.length ?? 0);
    sums.add(table, of, slots);
    const price = priceOf(table, [d]);
    const raised: { code: number; gain: number }[] = [];
    for (let code = 0; code < sums.cells.length; code++)
      if (consider(sums, code, [d], () => [code], price)) raised.push({ code, gain: sums.gain(code, table.usualRate) });
    raised.sort((a, b) => b.gain - a.gain || a.code - b.code);
    const beam = raised.slice(0, BEAM).map(({ code }) => code);
    const position = new Int32Array(sums.cells.length).fill(-1);
    for (const [at, code] of beam.entries()) position[code] = at;
    for (let k = 0; k < slots.length; k++) if ((slots[k] as number) >= 0) slots[k] = position[slots[k] as number] as number;
    return { beam, slots };
  });

  const slots = new Int32Array(of.length);
  for (const set of combinations(table.dimensions.length, depth)) {
    const parts = set.map((d) => beams[d] as (typeof beams)[number]);
    if (parts.some(({ beam }) => beam.length === 0)) continue;
    slots.set((parts[0] as (typeof parts)[number]).slots);
    for (const { slots: next } of parts.slice(1))
      for (let k = 0; k < slots.length; k++) {
        const slot = slots[k] as number;
        const digit = next[k] as number;
        slots[k] = slot < 0 || digit < 0 ? -1 : slot * BEAM + digit;
      }
    const sums = new Sums(BEAM ** set.length);
    sums.add(table, of, slots);
    const price = priceOf(table, set);
    const codesAt = (slot: number) => (): number[] =>
      parts.map(({ beam }, k) => beam[Math.floor(slot / BEAM ** (set.length - 1 - k)) % BEAM] as number);
    for (let slot = 0; slot < sums.cells.length; slot++) consider(sums, slot, set, codesAt(slot), price);
  }
  return sorted(found.filter(({ gain }) => gain >= best * WORTH_KEEPING));
}

function sorted(places: readonly Place[]): Place[] {
  const groups = new Map<string, Place[]>();
  for (const place of places) {
    const key = `${place.cells} ${place.failures} ${place.before} ${place.exposure}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [place]);
    else group.push(place);
  }
  const worth = (group: readonly Place[]): number => group.reduce((most, { gain }) => Math.max(most, gain), -Infinity);
  return [...groups.values()]
    .map((group) => ({ group: group.sort(byName), worth: worth(group) }))
    .sort((a, b) => b.worth - a.worth || byName(a.group[0] as Place, b.group[0] as Place))
    .flatMap(({ group }) => group);
}

function byName(a: Place, b: Place): number {
  return a.dimensions.length - b.dimensions.length || compare(a.dimensions, b.dimensions) || compare(a.codes, b.codes);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [k, value] of a.entries()) if (value !== b[k]) return value - (b[k] ?? 0);
  return 0;
}
