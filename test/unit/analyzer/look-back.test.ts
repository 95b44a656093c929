import { describe, expect, it } from 'vitest';
import { lookBack } from '../../../analyzer/src/watch/look-back.js';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 0, 8, 12);
const lasting = (host: string, agoMs: number, endedMs: number | null = null) => ({
  project: 'shop',
  host,
  startedMs: NOW - agoMs,
  endedMs,
});

describe('how far back a host is looked at', () => {
  it('is four hours, and from four hours before a spike that lasts there', () => {
    const { oldestMs, fromMs } = lookBack([lasting('a', 3 * HOUR), lasting('b', HOUR, NOW)], NOW);
    expect(fromMs({ project: 'shop', host: 'a' })).toBe(NOW - 7 * HOUR);
    expect(fromMs({ project: 'shop', host: 'b' })).toBe(NOW - 4 * HOUR);
    expect(fromMs({ project: 'bank', host: 'a' })).toBe(NOW - 4 * HOUR);
    expect(oldestMs).toBe(NOW - 7 * HOUR);
  });

  it('is of the oldest spike that lasts, and never more than 26 hours', () => {
    const { oldestMs, fromMs } = lookBack([lasting('a', 40 * HOUR), lasting('a', 2 * HOUR)], NOW);
    expect(fromMs({ project: 'shop', host: 'a' })).toBe(NOW - 26 * HOUR);
    expect(oldestMs).toBe(NOW - 26 * HOUR);
    expect(lookBack([], NOW).oldestMs).toBe(NOW - 4 * HOUR);
  });
});
