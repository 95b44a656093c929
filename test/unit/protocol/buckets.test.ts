import { bucketMs, lossBucket } from '@outcry/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('bucketMs', () => {
  it.each([
    [Number.NaN, 0],
    [-5, 0],
    [0, 0],
    [0.9, 0],
    [1, 1],
    [1.9, 1],
    [2, 2],
    [4.99, 2],
    [5, 5],
    [9.99, 5],
    [10, 10],
    [19, 10],
    [20, 20],
    [30_000, 20_000],
    [999_999, 500_000],
    [1_000_000, 1_000_000],
    [Number.POSITIVE_INFINITY, 1_000_000],
  ])('puts %d ms into %d', (ms, bucket) => {
    expect(bucketMs(ms)).toBe(bucket);
  });

  it('is never above its duration, at least 40 % of it, and its own bucket', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1_000_000, noNaN: true }), (ms) => {
        const bucket = bucketMs(ms);
        expect(bucket).toBeLessThanOrEqual(ms);
        expect(bucket).toBeGreaterThan(ms * 0.4 - 1e-9);
        expect(bucketMs(bucket)).toBe(bucket);
      }),
    );
  });
});

describe('lossBucket', () => {
  it.each([
    [0, '1'],
    [1, '1'],
    [2, '2-9'],
    [9, '2-9'],
    [10, '10-99'],
    [99, '10-99'],
    [100, '>=100'],
    [1e9, '>=100'],
  ])('puts %d into %s', (n, bucket) => {
    expect(lossBucket(n)).toBe(bucket);
  });
});
