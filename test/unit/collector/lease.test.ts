/** Who may drain: one process at a time, by no wall clock. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { join } from 'node:path';
import { drainLease } from '../../../collector/src/drain/lease.js';
import { openJournal, type Journal } from '../../../collector/src/journal/journal.js';
import { removeDirectory, temporaryDirectory } from './sealed.js';

let directory: string;
let journal: Journal;

beforeEach(async () => {
  directory = await temporaryDirectory();
  journal = await openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1e6, maxBytes: 1e9 });
});
afterEach(async () => {
  await journal.close();
  await removeDirectory(directory);
});

describe('the lease', () => {
  it('is held by one at a time, and free after its release', async () => {
    const [one, two] = [drainLease(journal), drainLease(journal)];
    expect(await one.hold()).toBe(true);
    expect(await two.hold()).toBe(false);
    expect(await one.hold()).toBe(true);
    await one.release();
    expect(await two.hold()).toBe(true);
  });

  it('is free once its holder has shown no sign of life for 30 s by the clock of who waits', async () => {
    let [oneMs, twoMs] = [0, 5_000_000];
    const [one, two] = [drainLease(journal, () => oneMs), drainLease(journal, () => twoMs)];
    expect(await one.hold()).toBe(true);
    expect(await two.hold()).toBe(false);
    for (let index = 0; index < 10; index += 1) {
      oneMs += 6_000;
      twoMs += 29_000;
      expect([await two.hold(), await one.hold()]).toEqual([false, true]);
      // The sign of life is seen before the next silence is measured.
      expect(await two.hold()).toBe(false);
    }
    twoMs += 29_999;
    expect(await two.hold()).toBe(false);
    twoMs += 1;
    expect(await two.hold()).toBe(true);
    oneMs += 6_000;
    expect(await one.hold()).toBe(false);
  });

  it('is neither lost nor kept longer when the wall clock is set', async () => {
    let nowMs = 0;
    const [one, two] = [drainLease(journal, () => nowMs), drainLease(journal, () => nowMs)];
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      expect(await one.hold()).toBe(true);
      expect(await two.hold()).toBe(false);
      vi.setSystemTime(Date.now() + 6 * 3_600_000);
      expect(await two.hold()).toBe(false);
      vi.setSystemTime(Date.now() - 12 * 3_600_000);
      nowMs = 30_000;
      expect(await two.hold()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it('is free when its process is dead', async () => {
    await journal.environment.meta.put(
      'drainer',
      Buffer.from(JSON.stringify({ owner: 'x', pid: 4_194_999, untilMs: Date.now() + 60_000 })),
    );
    expect(await drainLease(journal).hold()).toBe(true);
  });
});
