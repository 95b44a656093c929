/** Failures as a part of attempts: what is expected of them, and what is said where attempts are none, missing, incomplete or few. */
import { describe, expect as assert, it } from 'vitest';
import { detect } from '../../../analyzer/src/detect/detect.js';
import { expect } from '../../../analyzer/src/detect/expect.js';
import type { Expectation, Series } from '../../../analyzer/src/detect/series.js';
import { repeat, seriesOf } from './counts.js';

const minutes = (failures: Series['failures'], parts: Partial<Series>): Series => seriesOf(failures, 60_000, parts);
const lastOf = (series: Series): Expectation | undefined => expect(series).at(-1);

describe('completeness', () => {
  const completeness = [...repeat(400, 1), ...repeat(4, 0.3)];

  it('holds for failures and attempts alike: three in a hundred of what has arrived are as usual', () => {
    const series = minutes([...repeat(400, 300), ...repeat(4, 90)], {
      attempts: [...repeat(400, 10_000), ...repeat(4, 3_000)],
      completeness,
    });
    assert(detect(series)).toEqual([]);
    assert(lastOf(series)?.expected).toBeCloseTo(90, 0);
  });

  it('is taken from a forecast of attempts, which is made of what they will be when all has arrived', () => {
    const attempts = [...repeat(400, 10_000), 3_000, 3_000, null, null];
    const told = expect(minutes([...repeat(400, 300), 90, 90, 90, 300], { attempts, completeness: [...completeness.slice(0, 403), 1] }));
    assert(told.slice(402).map(({ expected }) => Math.round(expected))).toEqual([90, 300]);
  });
});

describe('no attempts and no failures', () => {
  it('are no data, so that they teach no level', () => {
    const attempts = [...repeat<number>(300, 0), ...repeat(80, 1_000)];
    const series = minutes([...repeat<number>(300, 0), ...repeat(60, 1), ...repeat(20, 500)], { attempts });
    assert(expect(series)[299]).toMatchObject({ observed: null, learning: true });
    assert(detect(series)).toMatchObject([{ startMs: series.startMs + 360 * 60_000, endMs: null }]);
  });

  it('leave a series learning until it has half an hour of attempts', () => {
    const told = expect(
      minutes([...repeat<number>(300, 0), ...repeat(60, 500)], { attempts: [...repeat<number>(300, 0), ...repeat(60, 1_000)] }),
    );
    assert(told.findIndex(({ learning }) => !learning)).toBe(329);
    assert(told.every(({ expected, high }) => expected <= 1_000 && high <= 1_000)).toBe(true);
  });
});

describe('a rate per attempt', () => {
  it('is at most one, whatever the attempts before were', () => {
    const told = expect(minutes([...repeat(100, 5), ...repeat(20, 0)], { attempts: [...repeat<number>(100, 0), ...repeat(20, 1_000)] }));
    assert(Math.max(...told.map(({ expected }) => expected))).toBeLessThanOrEqual(1_000);
  });

  it('scales with exposure as well: a tenth of the failures is reported where a tenth is sampled', () => {
    const attempts = repeat(460, 1_000);
    const exposure = [...repeat(400, 1), ...repeat(60, 0.1)];
    const sampled = minutes([...repeat(400, 30), ...repeat(60, 3)], { attempts, exposure });
    assert(detect(sampled)).toEqual([]);
    assert(lastOf(sampled)?.expected).toBeCloseTo(3, 1);
    assert(detect(minutes([...repeat(400, 30), ...repeat(60, 30)], { attempts, exposure }))).toHaveLength(1);
  });
});

describe('a count that its attempts bound', () => {
  const dip = expect(minutes([...repeat(400, 90), 60], { attempts: repeat(401, 100) }));

  it('dips when sixty of a hundred fail instead of ninety', () => {
    assert(dip.at(-1)?.pValueLow).toBeLessThan(1e-12);
    assert(dip.at(-2)?.pValueLow).toBeGreaterThan(0.3);
  });

  it('has a band that ends with the attempts', () => {
    for (const { low, high, learning } of dip.slice(1)) assert(low <= 90 && high >= 90 && high <= 100, String(learning)).toBe(true);
    const all = expect(minutes(repeat(100, 100), { attempts: repeat(100, 100) })).at(-1);
    assert(all).toMatchObject({ low: 98, high: 100 });
    assert(all?.pValue).toBeGreaterThan(0.5);
  });
});
