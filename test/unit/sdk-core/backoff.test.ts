import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from '../../../sdk-core/src/backoff.js';
import { SDK_VERSION } from '../../../sdk-core/src/version.js';

describe('backoffMs', () => {
  it('stays below 1 s · 2^failures and below half an hour, and may be anything from 0 on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 0.999_999, noNaN: true }), (failures, draw) => {
        const ms = backoffMs(failures, { random: () => draw });
        return ms >= 0 && ms < Math.min(1_800_000, 1_000 * 2 ** failures);
      }),
    );
    expect(backoffMs(3, { random: () => 0 })).toBe(0);
  });
});

describe('retryAfterMs', () => {
  it('reads seconds and dates, and takes anything else for absent', () => {
    const nowMs = Date.UTC(2026, 10, 22);
    expect(
      ['120', 'Sun, 22 Nov 2026 00:01:00 GMT', 'Sat, 21 Nov 2026 00:00:00 GMT', 'soon', '', null, '-5', '99999999'].map((header) =>
        retryAfterMs(header, nowMs),
      ),
    ).toEqual([120_000, 60_000, 0, 0, 0, 0, 0, 86_400_000]);
  });
});

describe('SDK_VERSION', () => {
  it('is the version of the packages', () => {
    for (const room of ['sdk-core', 'sdk-browser', 'sdk-node']) {
      const { version } = JSON.parse(readFileSync(new URL(`../../../${room}/package.json`, import.meta.url), 'utf8')) as {
        version: string;
      };
      expect(version).toBe(SDK_VERSION);
    }
  });
});
