import { describe, expect, test } from 'vitest';
import { oldestBucketS, scanFromUs, spansOf } from '../../../storage/src/refresh-rollups.js';
import { ROLLUPS } from '../../../storage/src/schema/rollup-tables.js';

const HOUR = 3_600;
const MINUTE_US = 60_000_000;

describe('the rows that a refresh looks at', () => {
  const now = 1_800_000_000_000_000;
  test('are those inserted since the last one, and 2 min more', () => {
    expect(scanFromUs(now, now - 10 * MINUTE_US, undefined)).toBe(now - 12 * MINUTE_US);
  });
  test('are all before the first', () => {
    expect(scanFromUs(now, undefined, undefined)).toBe(0);
  });
  test('are those since now where the clock was set back behind the last one', () => {
    expect(scanFromUs(now, now + 60 * MINUTE_US, undefined)).toBe(now - 2 * MINUTE_US);
  });
  test('are more, never fewer, when told since when', () => {
    expect(scanFromUs(now, now, (now - 60 * MINUTE_US) / 1_000)).toBe(now - 60 * MINUTE_US);
    expect(scanFromUs(now, now - 60 * MINUTE_US, now / 1_000)).toBe(now - 62 * MINUTE_US);
  });
});

describe('the spans that are recomputed in one statement', () => {
  const hours = (...starts: number[]) => starts.map((start) => ({ hour: start * HOUR, buckets: 1 }));
  test('join neighbours, up to 6 hours', () => {
    expect(spansOf(hours(0, 1, 2, 3, 4, 5, 6, 7), 0)).toEqual([
      { oldest: 0, newest: 6 * HOUR },
      { oldest: 6 * HOUR, newest: 8 * HOUR },
    ]);
  });
  test('do not reach over long gaps', () => {
    expect(spansOf(hours(0, 30), 0)).toEqual([
      { oldest: 0, newest: HOUR },
      { oldest: 30 * HOUR, newest: 31 * HOUR },
    ]);
  });
  test('leave out what is too old, to the bucket', () => {
    expect(spansOf(hours(0, 1, 2), HOUR + 600)).toEqual([{ oldest: HOUR + 600, newest: 3 * HOUR }]);
  });
});

describe('the oldest bucket that is recomputed', () => {
  const [tenSeconds, , hour] = ROLLUPS;
  const nowS = 1_800_000_001;
  test("is within the rollup's own time to live, on its grid", () => {
    expect(tenSeconds && oldestBucketS(tenSeconds, nowS, 90)).toBe(1_800_000_010 - 3 * 86_400);
  });
  test('is 9 days within the retention of rows, so that no cell is recomputed from a part of its rows', () => {
    expect(hour && oldestBucketS(hour, nowS, 90)).toBe(Math.ceil((nowS - 81 * 86_400) / HOUR) * HOUR);
  });
});
