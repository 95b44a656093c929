/** What cannot be true, handed to the public functions: each has a stated answer, and none throws or hangs. */
import { describe, expect as assert, it } from 'vitest';
import { buildSeries } from '../../../analyzer/src/watch/build-series.js';
import type { BinRow } from '../../../analyzer/src/watch/build-series.js';
import { detect } from '../../../analyzer/src/detect/detect.js';
import { expect } from '../../../analyzer/src/detect/expect.js';
import type { Series } from '../../../analyzer/src/detect/series.js';
import { localise } from '../../../analyzer/src/localise/localise.js';
import type { Cell } from '../../../analyzer/src/localise/cell.js';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { quiet, repeat } from './counts.js';

const QUIET = Array.from({ length: 1_000 }, (_, i) => (i % 11 === 0 ? 1 : 0));
const LOUD = [...QUIET, ...new Array<number>(30).fill(20)];
const series = (failures: Series['failures'], parts: Partial<Series> = {}): Series => ({ startMs: 0, binMs: 10_000, failures, ...parts });
const startOf = (s: Series): number | undefined => detect(s)[0]?.startMs;
const OUTAGE_MS = 10_000_000;

describe('detect and expect', () => {
  it('finds nothing without bins and with one, and says that it is learning', () => {
    assert(detect(series([]))).toEqual([]);
    assert(expect(series([]))).toEqual([]);
    assert(detect(series([500]))).toEqual([]);
    assert(expect(series([500]))).toMatchObject([{ observed: 500, learning: true, pValue: 1, pValueLow: 1 }]);
  });

  it('goes on without a history that holds nothing or one point', () => {
    for (const failures of [[], [3], [null], [NaN]]) {
      const history = { startMs: -3_600_000, binMs: 3_600_000, failures };
      assert(startOf(series(LOUD, { history }))).toBe(OUTAGE_MS);
    }
  });

  it('reads failures without attempts, and more of them than attempts, as as many attempts', () => {
    for (const made of [0, 1]) {
      const attempts = LOUD.map((_, i) => (i < QUIET.length ? 200 : made));
      const found = detect(series(LOUD, { attempts }));
      assert(found).toHaveLength(1);
      assert(found[0]?.startMs).toBe(OUTAGE_MS);
      assert(expect(series(LOUD, { attempts })).every((e) => e.expected >= 0 && e.high >= e.low && e.pValue >= 0)).toBe(true);
    }
  });

  it('takes negative, infinite and missing counts for no data, and finds what lies between', () => {
    for (const wrong of [NaN, -7, Infinity, -Infinity, null]) {
      const failures = LOUD.map((x, i) => (i % 5 === 1 ? wrong : x));
      assert(expect(series(failures))[1]).toMatchObject({ observed: null, pValue: 1 });
      assert(startOf(series(failures))).toBe(OUTAGE_MS);
    }
    for (const wrong of [NaN, -1, Infinity]) {
      const completeness = LOUD.map((_, i) => (i === 3 ? wrong : 1));
      assert(startOf(series(LOUD, { completeness, exposure: completeness }))).toBe(OUTAGE_MS);
    }
  });

  it('takes counts beyond a million million for no data', () => {
    for (const huge of [2e12, 2 ** 53, 1e200, Number.MAX_VALUE]) {
      const told = expect(series([...QUIET, huge, huge, ...QUIET.slice(0, 200)]));
      assert(told).toHaveLength(QUIET.length + 202);
      assert(told.every((e) => e.low <= e.high)).toBe(true);
      assert(told.at(-1)?.expected).toBeLessThan(1);
      assert(expect(series(new Array<number>(400).fill(huge))).every((e) => e.observed === null)).toBe(true);
    }
  });

  it('takes a bin whose exposure is none for no data, whatever the unit of the others', () => {
    const failures = quiet(400, 10);
    for (const wrong of [NaN, 0, -3, Infinity, 1e-300, undefined as unknown as number]) {
      const exposure = failures.map((_, i) => (i === 350 ? wrong : 1_000));
      const told = expect(series(failures, { exposure }));
      assert(told[350]).toMatchObject({ observed: null, pValue: 1 });
      assert(told[350]?.expected).toBeCloseTo(10, -1);
      assert(detect(series(failures, { exposure }))).toEqual([]);
    }
  });

  it('ends for exposures of which nothing can be said beside one of a million million', () => {
    for (const least of [1e-300, 1e-9]) {
      const told = expect(series(repeat(201, 1), { exposure: [...repeat(200, least), 1e12] }));
      assert(told).toHaveLength(201);
      for (const { expected, low, high } of told) assert(low >= 0 && low <= high && high <= 1e15 && expected <= 1e15).toBe(true);
    }
  });

  it('takes bins beyond the end of the completeness for whole', () => {
    assert(detect(series(LOUD, { completeness: [1, 1, 1] }))).toEqual(detect(series(LOUD)));
  });

  it('finds nothing in a series that starts at no time', () => {
    for (const startMs of [NaN, Infinity, -Infinity]) {
      assert(detect(series(LOUD, { startMs }))).toEqual([]);
      assert(expect(series(LOUD, { startMs })).every(({ observed }) => observed === null)).toBe(true);
    }
  });

  it('ends a spike after which nothing is known any more where it was seen last, once it has lasted too long for one', () => {
    const silence = repeat(8_700, null);
    const [spike, ...others] = detect(series([...LOUD, ...silence]));
    assert(spike).toMatchObject({ startMs: OUTAGE_MS, endMs: LOUD.length * 10_000 });
    assert(others).toEqual([]);
    const again = detect(series([...LOUD, ...silence, ...QUIET, ...repeat(6, 20)]));
    assert(again.map(({ startMs }) => startMs)).toEqual([OUTAGE_MS, (LOUD.length + silence.length + QUIET.length) * 10_000]);
    assert(detect(series([...LOUD, ...repeat(60, null)]))).toMatchObject([{ endMs: null }]);
  });

  it('reads a history with a width that is none as none', () => {
    for (const binMs of [0, 1e-3, -1, NaN, Infinity]) {
      const history = { startMs: -86_400_000, binMs, failures: repeat(24, 7) };
      assert(detect(series(LOUD, { history }))).toEqual(detect(series(LOUD)));
    }
  });

  it('reads a width that is none as a minute, whatever the start', () => {
    for (const binMs of [0, -5, NaN, Infinity, 1e-3])
      assert(detect(series(LOUD, { binMs }))).toEqual(detect(series(LOUD, { binMs: 60_000 })));
  });

  it('has one bin for rows of the same time, in whatever order they come', () => {
    const rows: BinRow[] = LOUD.flatMap((clients, i) =>
      [clients, 1].map((n) => ({ project: 'shop', host: 'api', kind: 'dns', where: {}, bin: i * 10, clients: n })),
    );
    const build = (from: readonly BinRow[]) =>
      buildSeries(from, {
        binMs: 10_000,
        fromMs: () => 0,
        nowMs: LOUD.length * 10_000,
        watched: () => true,
        firstHeardMs: () => 0,
        completeness: () => 1,
      });
    const [sorted] = build(rows);
    assert(sorted?.series.failures).toEqual(LOUD.map((n) => n + 1));
    assert(build([...rows].reverse())).toEqual(build(rows));
  });
});

describe('localise', () => {
  const cell = (network: string, parts: Partial<Cell> = {}): Cell => ({
    where: { network },
    failures: 0,
    attempts: 1_000,
    baselineFailures: 1,
    baselineAttempts: 6_000,
    ...parts,
  });
  const world = (one: Partial<Cell>): Cell[] => [cell('AS1', one), ...Array.from({ length: 30 }, (_, i) => cell(`AS${i + 2}`))];

  it('says that there is no excess in no cells, and too few in one with two failures', () => {
    assert(localise([])).toMatchObject({ causes: [], unexplained: 1, reason: 'no_excess' });
    assert(localise([cell('AS1', { failures: 2, baselineFailures: 0 })]).reason).toBe('too_few');
  });

  it('counts what is no number, negative or infinite as nothing', () => {
    for (const wrong of [NaN, -50, Infinity]) {
      assert(localise(world({ failures: wrong }))).toMatchObject({ causes: [], reason: 'no_excess' });
      const [cause] = localise([
        ...world({ failures: 60 }),
        cell('AS99', { failures: wrong, attempts: wrong, baselineAttempts: wrong }),
      ]).causes;
      assert(cause).toMatchObject({ where: { network: 'AS1' }, failures: 60 });
    }
  });

  it('places failures with fewer attempts than failures, and gives a rate of at most 1', () => {
    const [cause] = localise(world({ failures: 60, attempts: 5, baselineAttempts: 30 })).causes;
    assert(cause).toMatchObject({ where: { network: 'AS1' }, rate: 1, high: 1 });
  });

  it('places failures of which no attempts are known, and tells no rate of them', () => {
    for (const parts of [{ attempts: 0 }, { attempts: 0, baselineAttempts: 0 }]) {
      assert(localise(world({ failures: 60, ...parts })).causes).toMatchObject([
        { where: { network: 'AS1' }, failures: 60, attempts: 0, rate: null, explained: 1 },
      ]);
    }
    assert(localise(world({ failures: 60, baselineFailures: 6, baselineAttempts: 0 })).causes).toMatchObject([
      { where: { network: 'AS1' }, attempts: 1_000, rate: 0.06, baselineRate: null },
    ]);
  });

  it('takes a place that failed as often before, its attempts unknown, for no cause', () => {
    const unknown = { attempts: 0, baselineAttempts: 0, failures: 10, baselineFailures: 60 };
    assert(localise(world(unknown))).toMatchObject({ causes: [], reason: 'no_excess' });
  });

  it('reads an option that is no number or out of bounds as its default', () => {
    const cells = world({ failures: 60 }).map((c) => ({ ...c, attempts: 0, baselineAttempts: 0 }));
    const usual = localise(cells);
    assert(usual.reason).toBe('placed');
    for (const wrong of [NaN, -1, Infinity]) {
      assert(localise(cells, { baselineScale: wrong, maxDepth: wrong, maxCauses: wrong, minShare: wrong })).toEqual(usual);
    }
    assert(localise(cells, { baselineScale: 0, maxDepth: 0, maxCauses: 0 })).toEqual(usual);
  });

  it('looks at the first ten dimensions, each once', () => {
    const names = Array.from({ length: 12 }, (_, d) => `d${d}`);
    const where = (i: number): Cell['where'] => Object.fromEntries(names.map((name, d) => [name, `v${(i * (d + 3)) % 13}`]));
    const cells = Array.from({ length: 60 }, (_, i) => ({ ...cell('', { failures: i % 13 === 4 ? 40 : 0 }), where: where(i) }));
    const found = localise(cells, { dimensions: [...names, 'd0'], maxDepth: 1 });
    assert(found).toEqual(localise(cells, { dimensions: names.slice(0, 10), maxDepth: 1 }));
    assert([...found.causes, ...found.alternatives].every((c) => !('d10' in c.where || 'd11' in c.where))).toBe(true);
  });

  it('adds up cells of the same values', () => {
    const halves = [...world({ failures: 30, attempts: 500 }), cell('AS1', { failures: 30, attempts: 500 })];
    assert(localise(halves).causes).toMatchObject([{ where: { network: 'AS1' }, failures: 60, attempts: 1_000 }]);
  });

  it('finds one value among a hundred thousand', () => {
    const cells = Array.from({ length: 100_000 }, (_, i) => cell(`AS${i}`, { failures: i === 777 ? 40 : 0, baselineFailures: 0 }));
    assert(localise(cells).causes.map((c) => c.where)).toEqual([{ network: 'AS777' }]);
  });
});

describe('pair', () => {
  const spike = { kind: 'timeout', place: { network: null }, networksFailing: 5, failingClients: 40, expectedClients: 1 };
  const counts = (requests: number, errors: number) => ({ requests, errors, seconds: 300 });

  it('is undetermined, and has no number that is none, where the metrics cannot be true', () => {
    for (const wrong of [NaN, -10, Infinity]) {
      const verdict = pair(spike, { now: counts(wrong, wrong), baseline: counts(wrong, wrong), fresh: true });
      assert(verdict.verdict).toBe('undetermined');
      for (const [name, value] of Object.entries(verdict.numbers)) {
        assert(value === null || Number.isFinite(value), `${name} is ${String(value)} of ${wrong}`).toBe(true);
      }
    }
  });

  it('takes more errors than requests for all requests', () => {
    const { verdict, numbers } = pair(spike, { now: counts(100, 500), baseline: counts(1_000, 1), fresh: true });
    assert(verdict).toBe('inside');
    assert(numbers.server_error_share).toBe(1);
  });
});
