import { describe, expect, it } from 'vitest';
import { Arrived } from '../../../analyzer/src/backtest/arrived.js';
import type { FailuresRow } from '../../../analyzer/src/backtest/rows.js';
import { detect } from '../../../analyzer/src/detect/detect.js';
import { expect as expectation } from '../../../analyzer/src/detect/expect.js';
import type { Series } from '../../../analyzer/src/detect/series.js';
import { Bursts } from '../../../analyzer/src/watch/bursts.js';
import type { BurstHour } from '../../../analyzer/src/watch/bursts.js';
import { Shares } from '../../../analyzer/src/watch/shares.js';

const HOUR_MS = 3_600_000;
const NOW_MS = 30 * 24 * HOUR_MS;
const API = { project: 'shop', host: 'api.shop.example', kind: 'timeout' } as const;
const SHARES = new Shares(
  Array.from({ length: 200 }, (_, i) => ({ project: 'shop', dimension: 'network', value: `AS${String(i)}/DE`, clients: 10 })),
);

/** Hours of one host and kind before now, the last one first. */
const hours = (count: number, parts: Partial<BurstHour>): BurstHour[] =>
  Array.from({ length: count }, (_, i) => ({
    ...API,
    hour: NOW_MS / 1000 - (i + 1) * 3_600,
    failures: 60,
    pairs: 30,
    bursts: 0,
    ...parts,
  }));
function learnt(rows: readonly BurstHour[], unusual: Parameters<Bursts['learn']>[0] = []): Bursts {
  const bursts = new Bursts();
  for (const row of rows) bursts.set(row);
  bursts.learn(unusual, SHARES, NOW_MS);
  return bursts;
}

describe('bursts', () => {
  it('are learnt where networks fail together more than chance lets them', () => {
    // 24 × 60 failures, a quarter of them a pair's first: variance ÷ mean is nearly 1 + 2 × 0.25.
    const dispersion = learnt(hours(24, { bursts: 15 })).dispersionOf(API);
    expect(dispersion).toBeGreaterThan(1.4);
    expect(dispersion).toBeLessThan(1.5);
  });

  it('are none where they are as rare as chance makes them, or too few to be sure', () => {
    expect(learnt([]).dispersionOf(API)).toBe(1);
    expect(learnt(hours(24, { bursts: 0 })).dispersionOf(API)).toBe(1);
    // 30 pairs an hour × 1 in 200 networks, twice that where networks are uneven.
    expect(learnt(hours(24, { pairs: 300, bursts: 3 })).dispersionOf(API)).toBe(1);
    expect(learnt(hours(4, { bursts: 2 })).dispersionOf(API)).toBe(1);
    // Of a project whose networks nobody knows nothing is thought to be more than chance.
    expect(learnt(hours(24, { project: 'bank', bursts: 15 })).dispersionOf({ ...API, project: 'bank' })).toBe(1);
  });

  it('are handed down to hosts and kinds of the project that are too quiet to show them, and to no other project', () => {
    const bursts = learnt(hours(24, { bursts: 15 }));
    expect(bursts.dispersionOf({ ...API, host: 'img.shop.example', kind: 'tls' })).toBeGreaterThan(1.4);
    expect(bursts.dispersionOf({ ...API, project: 'bank' })).toBe(1);
  });

  it('are not learnt from hours of a spike of their kind at any host, nor from more than a day ago', () => {
    const rows = hours(3, { bursts: 30 });
    const spike = { project: 'shop', kind: 'timeout', startedMs: NOW_MS - 2.5 * HOUR_MS, endedMs: null };
    expect(learnt(rows).dispersionOf(API)).toBeGreaterThan(1.5);
    expect(learnt(rows, [spike]).dispersionOf(API)).toBe(1);
    expect(learnt(rows, [{ ...spike, kind: 'dns' }]).dispersionOf(API)).toBeGreaterThan(1.5);
    expect(learnt(rows, [{ ...spike, endedMs: NOW_MS - 2.2 * HOUR_MS }]).dispersionOf(API)).toBeGreaterThan(1.3);
    expect(learnt(rows.map((row) => ({ ...row, hour: row.hour - 86_400 }))).dispersionOf(API)).toBe(1);
  });
});

describe('a place of a bursty host', () => {
  const MINUTE_MS = 60_000;
  const series = (failures: number[]): Series => ({
    startMs: NOW_MS,
    binMs: MINUTE_MS,
    failures: [...Array<number>(200).fill(0), ...failures],
    prior: { perBin: 1e-4, weight: 2 },
  });
  const found = (failures: number[], dispersion: number): number =>
    detect(series(failures), { minFailing: 1, minRatio: 2, seriesTested: 1_000, dispersion }).length;

  it('needs more than a few clients of one minute, which are a spike elsewhere', () => {
    expect([found([5], 1), found([5], 1.6)]).toEqual([1, 0]);
    expect(found([40], 1.6)).toBe(1);
  });

  it('is found by failures that go on: each minute apart from the last one is news, however few fail in it', () => {
    expect([found([2, 0, 1, 0, 2, 0, 1], 1.6), found([2, 1, 2], 1.6)]).toEqual([1, 0]);
  });

  it('says nothing else of a bin when later ones come, and takes an unusable dispersion for none', () => {
    const whole = expectation(series([5, 0, 2, 0, 1]), { dispersion: 1.6 });
    const part = expectation(series([5, 0]), { dispersion: 1.6 });
    expect(whole.slice(0, part.length)).toEqual(part);
    for (const dispersion of [NaN, 0, -1, Infinity]) expect(expectation(series([5]), { dispersion })).toEqual(expectation(series([5])));
  });
});

it('a replay counts a network once an hour, and pairs of clients by the minute', () => {
  const arrived = new Arrived();
  const hourS = NOW_MS / 1000;
  const row = (at: number, network: string): FailuresRow => ({
    row: 'failures', at, arrived: at + 4, ...API, type: 'abandoned', network, country: 'DE', release: '1', clients: 1, requests: 1,
  }); // prettier-ignore
  for (const [at, network] of [[0, 'AS1/DE'], [10, 'AS1/DE'], [20, 'AS2/DE'], [600, 'AS1/DE'], [610, 'AS1/DE'], [1_200, 'AS3/DE'], [-5, 'AS4/DE'], [-4, 'AS4/DE']] as const) {
    arrived.take(row(hourS + at, network));
  } // prettier-ignore
  expect(arrived.burstsIn(hourS)).toEqual([{ ...API, hour: hourS, failures: 6, pairs: 4, bursts: 1 }]);
});
