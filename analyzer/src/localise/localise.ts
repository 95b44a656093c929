/**
 * Where an excess lies: the fewest, least specific places that explain it.
 *
 * Model: inside a place all cells are lifted by one factor (the ripple effect of HotSpot and Squeeze), outside nothing changed. A place
 * with F failures and E expected gains F·ln(F/E) - (F - E), the Poisson log-likelihood ratio, less a price for naming it: 5, and ln of
 * the number of values it was chosen from, per dimension. Places are taken greedily from what is left; the sum is then set against one
 * place without any name ("everywhere"), which pays nothing. A place that holds all cells is no place: where it matters that other
 * networks were not hit, hand in their cells with 0 failures. Read for the ideas: Adtributor (NSDI 2014), HotSpot (2018), Squeeze (2019).
 */
import { countInterval, logChoose, shareInterval } from './bounds.js';
import type { Cause, Cell, Localisation, LocaliseOptions } from './cell.js';

/**
 * What is expected of a cell is drawn this far towards an even share of the whole (by attempts where known), and the whole has this many
 * failures more than were seen: an empty baseline must not make one failure a proof.
 */
const EVEN_SHARE = 0.2;
const PRIOR_FAILURES = 0.5;
/** What naming any place costs besides, in nats: it must be e^5 times likelier than not naming it. */
const PLACE_PRICE = 5;
/** How many values of each dimension enter combinations. */
const BEAM = 24;
const MAX_ALTERNATIVES = 5;
/** Failures beyond the expected below which no place is named. */
const MIN_EXCESS = 3;

interface Candidate {
  readonly where: Readonly<Record<string, string>>;
  readonly cells: readonly number[];
  readonly failures: number;
  readonly expected: number;
  readonly gain: number;
}

/**
 * @param cells - One cell per combination of values that occurs, over any dimension names; unusable numbers count as 0.
 * @param options - See LocaliseOptions.
 * @returns Causes with their share of the excess, other readings, and why when there is no cause. Pure; never throws.
 */
export function localise(cells: readonly Cell[], options: LocaliseOptions = {}): Localisation {
  const { baselineScale = 1, maxDepth = 2, maxCauses = 5, minShare = 0.05 } = options;
  const dimensions = options.dimensions ?? [...new Set(cells.flatMap((c) => Object.keys(c.where)))];
  const failures = cells.map((c) => usable(c.failures));
  const raw = cells.map((c) => expectedOf(c, baselineScale));
  const all = cells.map((_, i) => i);
  const total = sum(all, failures) - sum(all, raw);
  const expected = smoothed(cells, raw);
  if (sum(all, failures) === 0 || total <= 0) return nothing('no_excess');
  if (total < MIN_EXCESS) return nothing('too_few');

  const values = new Map(dimensions.map((d) => [d, new Set(cells.map((c) => c.where[d])).size]));
  const price = (where: Readonly<Record<string, string>>): number =>
    Object.keys(where).reduce((p, d) => p + Math.log(Math.max(2, values.get(d) ?? 2)), PLACE_PRICE);
  const rank = (left: readonly number[]): Candidate[] => {
    const single = dimensions.flatMap((d) => group(left, [d], cells, failures, expected, price));
    const pool = dimensions.flatMap((d) =>
      single
        .filter((c) => d in c.where && c.failures > c.expected)
        .sort(byGain(dimensions))
        .slice(0, BEAM),
    );
    const beam = new Set(pool.map((c) => JSON.stringify(c.where)));
    const found = [...pool];
    for (const set of combinations(dimensions, Math.min(3, Math.max(1, maxDepth)))) {
      const inBeam = left.filter((i) => set.every((d) => beam.has(JSON.stringify({ [d]: cells[i]?.where[d] }))));
      found.push(...group(inBeam, set, cells, failures, expected, price).filter((c) => c.failures > c.expected));
    }
    return found.sort(byGain(dimensions));
  };

  const ranked = rank(all);
  const chosen: Candidate[] = [];
  let left: readonly number[] = all;
  let next: Candidate | undefined = ranked[0];
  while (next !== undefined && next.gain > 0 && chosen.length < maxCauses && next.failures - next.expected >= minShare * total) {
    chosen.push(next);
    const taken = new Set(next.cells);
    left = left.filter((i) => !taken.has(i));
    next = rank(left)[0];
  }
  const everywhere = gainOf(sum(all, failures), sum(all, expected));
  const placed = chosen.reduce((g, c) => g + c.gain, 0) - logChoose(Math.max(...values.values(), 2), chosen.length) / 2;
  const inside = new Set(chosen.flatMap((c) => c.cells));
  const outside = all.filter((i) => !inside.has(i));
  const causeOf = (c: Candidate): Cause => describe(c, cells, sum(c.cells, raw), total);
  const alternatives = ranked
    .slice(0, MAX_ALTERNATIVES + 1)
    .filter((c) => !chosen.includes(c))
    .slice(0, MAX_ALTERNATIVES)
    .map(causeOf);
  if (chosen.length === 0 || placed <= everywhere) {
    const reason = dimensions.length === 0 ? 'not_in_these_dimensions' : 'everywhere';
    return { causes: [], alternatives, unexplained: 1, reason };
  }
  const unexplained = Math.min(1, Math.max(0, (sum(outside, failures) - sum(outside, raw)) / total));
  return { causes: chosen.map(causeOf), alternatives, unexplained, reason: 'placed' };
}

const usable = (x: number): number => (Number.isFinite(x) && x > 0 ? x : 0);
const sum = (of: readonly number[], values: readonly number[]): number => of.reduce((s, i) => s + (values[i] ?? 0), 0);
const nothing = (reason: Localisation['reason']): Localisation => ({ causes: [], alternatives: [], unexplained: 1, reason });

function expectedOf(cell: Cell, scale: number): number {
  const before = usable(cell.baselineFailures);
  const attempts = usable(cell.attempts);
  const attemptsBefore = Math.max(usable(cell.baselineAttempts), before);
  return attempts > 0 && usable(cell.baselineAttempts) > 0 ? (before / attemptsBefore) * attempts : before * usable(scale);
}

function smoothed(cells: readonly Cell[], raw: readonly number[]): number[] {
  const whole = raw.reduce((s, e) => s + e, 0) + PRIOR_FAILURES;
  const attempts = cells.reduce((s, c) => s + usable(c.attempts), 0);
  return cells.map((c, i) => {
    const share = attempts > 0 ? (usable(c.attempts) + 1) / (attempts + cells.length) : 1 / cells.length;
    return (1 - EVEN_SHARE) * (raw[i] ?? 0) + EVEN_SHARE * share * whole;
  });
}

function gainOf(failures: number, expected: number): number {
  return failures <= expected ? 0 : failures * Math.log(failures / expected) - (failures - expected);
}

function group(
  of: readonly number[],
  dimensions: readonly string[],
  cells: readonly Cell[],
  failures: readonly number[],
  expected: readonly number[],
  price: (where: Readonly<Record<string, string>>) => number,
): Candidate[] {
  const groups = new Map<string, number[]>();
  for (const i of of) {
    const key = dimensions.map((d) => cells[i]?.where[d] ?? '').join('\u0000');
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [i]);
    else known.push(i);
  }
  return [...groups.entries()].map(([key, members]) => {
    const parts = key.split('\u0000');
    const where = Object.fromEntries(dimensions.map((d, i) => [d, parts[i] ?? '']));
    const f = sum(members, failures);
    const e = sum(members, expected);
    return { where, cells: members, failures: f, expected: e, gain: gainOf(f, e) - price(where) };
  });
}

/** Best gain first; of equal gains the one with fewer dimensions, then the preferred dimension, then by name. */
function byGain(dimensions: readonly string[]): (a: Candidate, b: Candidate) => number {
  const preference = (c: Candidate): number => Math.min(...Object.keys(c.where).map((d) => dimensions.indexOf(d)));
  // Places with the very same cells explain the very same; they differ only in price, which must not choose the name.
  const worth = (c: Candidate): number => gainOf(c.failures, c.expected);
  return (a, b) => {
    const same = a.cells.length === b.cells.length && a.failures === b.failures && a.expected === b.expected;
    if (!same && a.gain !== b.gain) return b.gain - a.gain;
    return (
      Object.keys(a.where).length - Object.keys(b.where).length ||
      preference(a) - preference(b) ||
      worth(b) - worth(a) ||
      JSON.stringify(a.where).localeCompare(JSON.stringify(b.where))
    );
  };
}

function combinations(dimensions: readonly string[], depth: number): string[][] {
  const sets: string[][] = [];
  const extend = (from: number, set: string[]): void => {
    if (set.length >= 2) sets.push(set);
    if (set.length === depth) return;
    for (let i = from; i < dimensions.length; i++) extend(i + 1, [...set, dimensions[i] ?? '']);
  };
  extend(0, []);
  return sets;
}

function describe(candidate: Candidate, cells: readonly Cell[], expected: number, total: number): Cause {
  const attempts = candidate.cells.reduce((s, i) => s + usable(cells[i]?.attempts ?? 0), 0);
  const before = candidate.cells.reduce((s, i) => s + usable(cells[i]?.baselineFailures ?? 0), 0);
  const attemptsBefore = candidate.cells.reduce((s, i) => s + usable(cells[i]?.baselineAttempts ?? 0), 0);
  const n = Math.max(attempts, candidate.failures);
  return {
    where: candidate.where,
    failures: candidate.failures,
    attempts,
    rate: attempts > 0 ? candidate.failures / n : null,
    baselineRate: attemptsBefore > 0 ? before / Math.max(attemptsBefore, before) : null,
    ...(attempts > 0 ? shareInterval(candidate.failures, n) : countInterval(candidate.failures)),
    explained: Math.min(1, Math.max(0, (candidate.failures - expected) / total)),
  };
}
