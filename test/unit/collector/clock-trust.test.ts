import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clockTrust } from '../../../collector/src/intake/clock-trust.js';
import { body, options, post, removeDirectory, seal, startCollector, temporaryDirectory } from './sealed.js';

const DAY_MS = 86_400_000;

describe('the trust in the clock', () => {
  it('ends when it is set by an hour, and comes back with it', () => {
    let uptimeMs = 0;
    const { isSure, compare } = clockTrust(1_000_000, undefined, () => uptimeMs);
    compare(0, 1_000_000);
    uptimeMs = DAY_MS;
    expect(isSure(1_000_000 + DAY_MS)).toBe(true);
    expect(isSure(1_000_000 + DAY_MS + 3_599_000)).toBe(true);
    expect(isSure(1_000_000 + DAY_MS + 3_600_000)).toBe(false);
    expect(isSure(1_000_000)).toBe(false);
    expect(isSure(1_000_000 + DAY_MS)).toBe(true);
  });

  it('begins with an envelope of about its day, and not with an older one', () => {
    const { isSure, compare } = clockTrust(20 * DAY_MS, undefined, () => 0);
    expect(isSure(20 * DAY_MS)).toBe(false);
    compare(18, 20 * DAY_MS);
    expect(isSure(20 * DAY_MS)).toBe(false);
    compare(19, 20 * DAY_MS);
    expect(isSure(20 * DAY_MS)).toBe(true);
    compare(13, 20 * DAY_MS);
    expect(isSure(20 * DAY_MS)).toBe(true);
  });

  it('does not begin while it is behind what the journal has seen', () => {
    const behind = clockTrust(20 * DAY_MS, 22, () => 0);
    behind.compare(20, 20 * DAY_MS);
    expect(behind.isSure(20 * DAY_MS)).toBe(false);
    const right = clockTrust(20 * DAY_MS, 21, () => 0);
    right.compare(20, 20 * DAY_MS);
    expect(right.isSure(20 * DAY_MS)).toBe(true);
  });
});

describe('a collector that starts with a clock that is wrong', () => {
  let directory: string;
  beforeEach(async () => void (directory = await temporaryDirectory()));
  afterEach(() => removeDirectory(directory));

  it.each([30, -30, 9, -3])('by %i days refuses no honest envelope for good', async (days) => {
    const start = (offMs: number) => startCollector(options(directory, { now: () => Date.now() + offMs }));
    const right = await start(0);
    expect((await post(right.url, await seal())).status).toBe(204);
    await right.close();
    const envelope = await seal();
    // A backlog that fits the wrong day does not make the clock right.
    const backlog = await seal(body(), { nowMs: Date.now() - 2 * DAY_MS });
    const wrong = await start(days * DAY_MS);
    await post(wrong.url, backlog);
    expect(await post(wrong.url, envelope)).toMatchObject({ status: 503, code: 'clock_unsure' });
    await wrong.close();
    const again = await start(0);
    expect((await post(again.url, envelope)).status).toBe(204);
    await again.close();
  });
});
