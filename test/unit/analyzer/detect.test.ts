import { describe, expect as check, it } from 'vitest';
import { detect, isLearning } from '../../../analyzer/src/detect/detect.js';
import { expect as expectation } from '../../../analyzer/src/detect/expect.js';
import type { Series } from '../../../analyzer/src/detect/series.js';
import { poisson } from '../../../cli/src/simulator/random.js';
import { HOUR_MS, quiet, seeded, seriesOf as series, START_MS as START } from './counts.js';

describe('detect', () => {
  it('finds an outage of ten clients per bin within two bins, and its end', () => {
    const spikes = detect(series([...quiet(720, 0.3), ...Array<number>(30).fill(10), ...quiet(60, 0.3, 2)]));
    check(spikes).toHaveLength(1);
    const [spike] = spikes;
    check(spike?.startMs).toBe(START + 720 * 10_000);
    check((spike?.foundMs ?? 0) - (spike?.startMs ?? 0)).toBeLessThanOrEqual(20_000);
    check(spike?.endMs).toBe(START + 750 * 10_000);
    check(spike?.peak).toBe(10);
    check(spike?.failures).toBe(300);
  });

  it('works with thirty minutes of history and says nothing before', () => {
    const early = [...quiet(100, 0.2), ...Array<number>(10).fill(20)];
    check(detect(series(early))).toEqual([]);
    check(isLearning(series(early))).toBe(true);
    check(detect(series([...quiet(200, 0.2), ...Array<number>(10).fill(20)]))).toHaveLength(1);
  });

  it('finds a weak rise by the sum of bins where no bin alone would do', () => {
    const spikes = detect(series([...quiet(720, 0.1), ...Array.from({ length: 24 }, (_, i) => (i % 2 === 0 ? 3 : 1))]));
    check(spikes).toHaveLength(1);
    check(spikes[0]?.endMs).toBeNull();
  });

  it('takes one device that fails in every bin for no spike', () => {
    check(detect(series([...quiet(720, 0.01), ...Array<number>(100).fill(1)]))).toEqual([]);
  });

  it('keeps the budget of false alarms over quiet weeks of several levels', () => {
    let found = 0;
    for (const [i, mean] of [0.05, 0.5, 3, 20].entries()) found += detect(series(quiet(60_480, mean, 10 + i))).length;
    check(found).toBeLessThanOrEqual(4);
  });

  it('respects over-dispersion: bursts that were always there are no spike', () => {
    const random = seeded(5);
    const bursty = Array.from({ length: 20_000 }, () => poisson(random, random() < 0.1 ? 12 : 1));
    check(detect(series(bursty)).length).toBeLessThanOrEqual(1);
  });

  it('scales with the denominator: twice the attempts with twice the failures are no spike', () => {
    const failures = [...quiet(300, 10), ...quiet(60, 30, 3)];
    const attempts = failures.map((_, i) => (i < 300 ? 1000 : 3000));
    check(detect(series(failures, 60_000))).toHaveLength(1);
    check(detect(series(failures, 60_000, { attempts }))).toEqual([]);
  });

  it('takes a missing bin for no data, not for zero', () => {
    const failures: (number | null)[] = [...quiet(720, 5)];
    for (let i = 300; i < 700; i++) failures[i] = null;
    check(detect(series(failures))).toEqual([]);
  });

  it('does not hide a spike in a bin that has only begun to arrive', () => {
    const failures = [...quiet(720, 6), 12, 12, 12];
    const completeness = failures.map((_, i) => (i < 720 ? 1 : 0.3));
    check(detect(series(failures, 10_000, { completeness }))).toHaveLength(1);
  });

  it('learns the daily shape from history', () => {
    const day = (h: number): number => (h % 24 === 12 ? 40 : 2);
    const random = seeded(8);
    const history: Series = {
      startMs: START - 14 * 86_400_000,
      binMs: 3_600_000,
      failures: Array.from({ length: 14 * 24 }, (_, h) => poisson(random, day(h) * 60)),
    };
    const noon = Array.from({ length: 60 * 11 }, () => poisson(random, 2)).concat(
      Array.from({ length: 60 * 2 }, (_, i) => poisson(random, i < 60 ? 2 : 8)),
    );
    check(detect(series(noon, 60_000))).toHaveLength(1);
    check(detect(series(noon, 60_000, { history }))).toEqual([]);
  });

  it('ends a spike that has become the new normal', () => {
    const spikes = detect(series([...quiet(300, 1), ...quiet(600, 20, 4)], 60_000), { maxSpikeMs: 4 * HOUR_MS });
    check(spikes).toHaveLength(1);
    check(spikes[0]?.endMs).not.toBeNull();
  });

  it('never throws and never finds anything in no data', () => {
    check(detect(series([]))).toEqual([]);
    check(detect(series([5]))).toEqual([]);
    check(detect(series([NaN, -1, Infinity, null]))).toEqual([]);
    check(detect({ startMs: 0, binMs: 0, failures: [1, 2, 3] })).toEqual([]);
  });
});

describe('expect', () => {
  it('draws a band that holds about 95 % of quiet bins', () => {
    const judged = expectation(series(quiet(5_000, 4, 7))).filter((e) => !e.learning);
    const inside = judged.filter((e) => (e.observed ?? 0) >= e.low && (e.observed ?? 0) <= e.high).length / judged.length;
    check(inside).toBeGreaterThan(0.93);
  });

  it('tells a dip by its lower tail', () => {
    const last = expectation(series([...quiet(300, 50), 5], 60_000)).at(-1);
    check(last?.pValueLow).toBeLessThan(1e-6);
    check(last?.pValue).toBeGreaterThan(0.99);
  });
});
