/** What `expect` and `detect` said of a bin does not change when later bins are added. */
import fc from 'fast-check';
import { describe, expect as assert, it } from 'vitest';
import { detect } from '../../../analyzer/src/detect/detect.js';
import { expect } from '../../../analyzer/src/detect/expect.js';
import type { Series } from '../../../analyzer/src/detect/series.js';
import { poisson } from '../../../cli/src/simulator/random.js';
import { DAY_MS, HOUR_MS, quiet, seeded, seriesOf, START_MS } from './counts.js';

/** The first bins of a series, with all that belongs to them. */
const firstOf = (series: Series, bins: number): Series => ({
  ...series,
  failures: series.failures.slice(0, bins),
  ...(series.attempts && { attempts: series.attempts.slice(0, bins) }),
  ...(series.exposure && { exposure: series.exposure.slice(0, bins) }),
  ...(series.completeness && { completeness: series.completeness.slice(0, bins) }),
});

function assertUnchanged(whole: Series, bins: number): void {
  const part = firstOf(whole, bins);
  assert(expect(whole).slice(0, bins)).toEqual(expect(part));
  const untilMs = whole.startMs + bins * whole.binMs;
  const found = (series: Series): object[] =>
    detect(series).flatMap(({ startMs, foundMs, pValue }) => (foundMs <= untilMs ? [{ startMs, foundMs, pValue }] : []));
  assert(found(whole)).toEqual(found(part));
}

const hoursBefore = (days: number, seed: number, mean = 60): Series => ({
  startMs: START_MS - days * DAY_MS,
  binMs: HOUR_MS,
  failures: quiet(days * 24, mean, seed),
});

describe('no look-ahead', () => {
  const value = fc.oneof({ arbitrary: fc.nat(30), weight: 9 }, { arbitrary: fc.constant(null), weight: 1 });

  it('holds for counts', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 200, maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (failures, cut) => {
        assertUnchanged(seriesOf(failures, 60_000), failures.length - cut);
      }),
      { numRuns: 30 },
    );
  });

  it('holds for attempts, exposure and completeness', () => {
    const share = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1 }));
    const bin = fc.record({ failed: value, made: value, load: fc.constantFrom(1, 1, 2, NaN), arrived: share });
    fc.assert(
      fc.property(fc.array(bin, { minLength: 80, maxLength: 120 }), fc.integer({ min: 1, max: 60 }), (bins, cut) => {
        const failures = bins.map(({ failed }) => failed);
        const attempts = bins.map(({ made }) => made);
        const parts = { attempts, exposure: bins.map(({ load }) => load), completeness: bins.map(({ arrived }) => arrived) };
        assertUnchanged(seriesOf(failures, 60_000, parts), bins.length - cut);
      }),
      { numRuns: 30 },
    );
  });

  it('holds for a history of none to fourteen days and cuts before, at and after each day', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 14 }),
        fc.constantFrom(HOUR_MS / 6, HOUR_MS / 4, HOUR_MS),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: -12, max: 12 }),
        fc.integer({ min: 1, max: 2 ** 31 }),
        (historyDays, binMs, cutDays, off, seed) => {
          const random = seeded(seed);
          const perDay = DAY_MS / binMs;
          const [from, until, times] = [random() * 4, random() * 4, 1 + random() * 9];
          const level = (day: number): number => 5 * (day >= from && day < until ? times : 1);
          const failures = Array.from({ length: 4 * perDay }, (_, i) => poisson(random, level(i / perDay)));
          const history = historyDays === 0 ? {} : { history: hoursBefore(historyDays, seed, (5 * HOUR_MS) / binMs) };
          assertUnchanged(seriesOf(failures, binMs, history), cutDays * perDay + off);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds where the first minute of the next day completes a week of days', () => {
    const random = seeded(3);
    const failures = Array.from({ length: 1_441 }, (_, i) => poisson(random, i < 300 ? 1 : 1 + (i - 300) / 120));
    assertUnchanged(seriesOf(failures, 60_000, { history: hoursBefore(6, 3) }), 1_440);
  });
});
