/** What `detect` and `expect` learn of a day and a week, from the series itself and from its history. */
import { describe, expect as assert, it } from 'vitest';
import { detect } from '../../../analyzer/src/detect/detect.js';
import { expect } from '../../../analyzer/src/detect/expect.js';
import type { Series } from '../../../analyzer/src/detect/series.js';
import { poisson as drawn } from '../../../cli/src/simulator/random.js';
import { DAY_MS as DAY, HOUR_MS as HOUR, quiet, repeat, seeded, seriesOf, START_MS as START } from './counts.js';

function poissonOf(seed: number): (mean: number) => number {
  const random = seeded(seed);
  return (mean) => drawn(random, mean);
}

/** Nine times as much at four in the afternoon as at four in the morning. */
const shape = (atMs: number): number => Math.exp(1.1 * Math.sin(((atMs % DAY) / DAY - 0.42) * 2 * Math.PI));

function days(count: number, binMs: number, mean: number, lift: (day: number) => number = () => 1): Series {
  const poisson = poissonOf(17);
  const failures = Array.from({ length: (count * DAY) / binMs }, (_, i) => poisson(mean * shape(i * binMs) * lift((i * binMs) / DAY)));
  return { startMs: START, binMs, failures };
}

describe('the shape of a day', () => {
  it('is learnt from the series itself: eight days with the same tide have at most one false spike at any width', () => {
    for (const [binMs, mean] of [
      [60_000, 10],
      [300_000, 10],
      [600_000, 20],
      [HOUR, 100],
    ] as const)
      assert(detect(days(8, binMs, mean)).length).toBeLessThanOrEqual(1);
  });

  it('does not hide an outage on the rising side of the day', () => {
    const found = detect(days(6, 300_000, 10, (day) => (day >= 5.3 && day < 5.33 ? 5 : 1)));
    assert(found.map(({ startMs }) => Math.round((startMs - START) / HOUR))).toContain(127);
  });

  it('is told of no bin before it was seen: what was said does not change when days are added', () => {
    const long = days(5, 600_000, 20, (day) => (day > 2.5 && day < 2.7 ? 4 : 1));
    const told = expect(long);
    for (const bins of [100, 145, 150, 290, 400, 500]) {
      assert(expect({ ...long, failures: long.failures.slice(0, bins) })).toEqual(told.slice(0, bins));
    }
  });
});

describe('history and attempts', () => {
  const poisson = poissonOf(5);
  const hours = Array.from({ length: 14 * 24 }, () => poisson(360));
  const history = { startMs: START - 14 * DAY, binMs: HOUR, failures: hours, attempts: hours.map(() => 36_000) };
  const quiet = Array.from({ length: 1_000 }, () => poisson(1));
  const attempts = quiet.map(() => 100);
  const series = (parts: Partial<Series>): Series => ({ startMs: START, binMs: 10_000, failures: quiet, ...parts });

  it('a history with attempts tells the rate per attempt, whatever the width of its bins', () => {
    assert(expect(series({ attempts, history }))[0]?.expected).toBeCloseTo(1, 1);
    assert(detect(series({ attempts, history }))).toEqual([]);
  });

  it('a history without attempts tells nothing of a rate, and one with attempts serves a series without', () => {
    const counts = { startMs: history.startMs, binMs: history.binMs, failures: history.failures };
    assert(expect(series({ attempts, history: counts }))).toEqual(expect(series({ attempts })));
    assert(expect(series({ history }))).toEqual(expect(series({ history: counts })));
  });
});

describe('few at a time', () => {
  it('finds two clients a minute for half an hour in bins of ten seconds, where hardly any fail otherwise', () => {
    let found = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const poisson = poissonOf(seed * 7_919);
      const failures = Array.from({ length: 4_500 }, (_, i) => poisson((i >= 4_320 ? 2.05 : 0.05) / 6));
      if (detect({ startMs: START, binMs: 10_000, failures }).some(({ endMs }) => endMs === null)) found++;
    }
    assert(found).toBeGreaterThanOrEqual(9);
  });

  it('reads an option that is undefined or no number as its default', () => {
    const series = { startMs: START, binMs: 60_000, failures: [...new Array<number>(200).fill(1), 30, 30, 30] };
    const wrong = { falseAlarmsPerWeek: NaN, minRatio: -1, seriesTested: Infinity, baselineMs: NaN };
    assert(detect(series)).toHaveLength(1);
    assert(detect(series, wrong)).toEqual(detect(series));
    assert(detect(series, Object.fromEntries(Object.keys(wrong).map((name) => [name, undefined])))).toEqual(detect(series));
  });
});

describe('what earlier days hold', () => {
  const minutes = 15 * 60;
  const history = { startMs: START - 7 * DAY, binMs: HOUR, failures: repeat(7 * 24, 60) };
  const back = (each: number, parts: Partial<Series> = {}): Series =>
    seriesOf([...repeat(minutes, 0), ...quiet(30, each, 4)], 60_000, parts);

  it('is no outage when it comes back after hours of quiet', () => {
    assert(detect(back(1, { history }))).toEqual([]);
    assert(detect(back(5, { history }))).toMatchObject([{ endMs: null }]);
  });

  it('is an outage where no history tells of it', () => {
    assert(detect(back(1))).toMatchObject([{ endMs: null }]);
  });

  it('is read up to the start of the series, so that what a history holds beside it counts once', () => {
    const lasting = { ...history, failures: [...history.failures, ...repeat(24, 6_000)] };
    assert(expect(back(5, { history: lasting }))).toEqual(expect(back(5, { history })));
  });
});

describe('rises of hours', () => {
  it('are found in bins of an hour by sums of several, though no hour alone would do', () => {
    for (const [each, hours] of [
      [14, 12],
      [12, 24],
    ] as const) {
      let found = 0;
      for (let seed = 1; seed <= 10; seed++) {
        const poisson = poissonOf(seed);
        const failures = Array.from({ length: 21 * 24 + hours }, (_, i) => poisson(i < 21 * 24 ? 5 : each));
        if (detect(seriesOf(failures, HOUR)).some(({ startMs }) => startMs >= START + 20.5 * DAY)) found++;
      }
      assert(found).toBeGreaterThanOrEqual(9);
    }
  });

  it('that come again each working day are no spike in bins of an hour, not on the second Monday either', () => {
    const working = (day: number): number => (Math.floor(day) % 7 < 5 ? 1 : 0.5);
    for (const mean of [20, 500]) assert(detect(days(28, HOUR, mean, working)).length).toBeLessThanOrEqual(1);
  });

  it('are one spike, told before they are at a third of their height, where they rise tenfold within six hours', () => {
    const poisson = poissonOf(23);
    const rise = (i: number): number => 1 + (9 * Math.min(360, Math.max(0, i - 720))) / 360;
    const [spike, ...others] = detect(
      seriesOf(
        Array.from({ length: 1_200 }, (_, i) => poisson(5 * rise(i))),
        60_000,
      ),
    );
    assert(others).toEqual([]);
    assert(spike?.endMs).toBeNull();
    const afterMs = (spike?.foundMs ?? 0) - START - 720 * 60_000;
    assert(afterMs).toBeGreaterThan(0);
    assert(afterMs).toBeLessThan(2 * HOUR);
  });
});
