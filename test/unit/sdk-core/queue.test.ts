import { describe, expect, it } from 'vitest';
import { makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Store } from '../../../sdk-core/src/index.js';
import { entryKey } from '../../../sdk-core/src/entry.js';
import type { Entry } from '../../../sdk-core/src/entry.js';
import { QUEUE_LIMITS } from '../../../sdk-core/src/queue.js';
import { makeOneQueue } from './one-queue.js';

const makeOne = (limits = QUEUE_LIMITS, store: Store = makeMemoryStore()) => makeOneQueue(store, limits);

const entry = (size: number, reports = 1): Entry => ({
  bytes: new Uint8Array(size),
  sealedAtMs: Date.UTC(2026, 10, 22, 12),
  failedAtMs: null,
  reports,
  failures: reports,
  tries: 0,
  failed: [],
  leasedUntilMs: 0,
});

describe('the queue', () => {
  it('drops the oldest report when it is full, and counts it', async () => {
    const { queue, lost } = makeOne({ ...QUEUE_LIMITS, count: 3 });
    for (const key of ['e:1', 'e:2', 'e:3', 'e:4']) expect(await queue.add(key, entry(424, 2))).toBe(true);
    expect((await queue.list()).map(([key]) => key)).toEqual(['e:2', 'e:3', 'e:4']);
    expect(lost).toEqual(['queue_full', 'queue_full']);
  });

  it('drops as many of the oldest as a large one needs', async () => {
    const { queue, lost } = makeOne({ ...QUEUE_LIMITS, bytes: 1_000 });
    for (const key of ['e:1', 'e:2']) await queue.add(key, entry(424));
    await queue.add('e:3', entry(900));
    expect((await queue.list()).map(([key]) => key)).toEqual(['e:3']);
    expect(lost).toHaveLength(2);
  });

  it('holds 200 envelopes and 1 MB for 7 days', () => {
    expect(QUEUE_LIMITS).toEqual({ count: 200, bytes: 1_000_000, ageMs: 604_800_000 });
  });

  it('keeps an envelope in memory when the store takes nothing, counts that, and leases and removes it like any other', async () => {
    const full: Store = { ...makeMemoryStore(), write: () => Promise.reject(new Error('disk full')) };
    const { queue, lost } = makeOne(QUEUE_LIMITS, full);
    expect(await queue.add('e:1', entry(424))).toBe(true);
    expect(lost).toEqual(['storage_failed']);
    expect(await queue.lease('e:1')).toBe(true);
    await queue.release('e:1', { tries: 1 });
    expect((await queue.list())[0]?.[1].tries).toBe(1);
    await queue.remove('e:1');
    expect(await queue.list()).toEqual([]);
  });

  it('leases an envelope to one sender until it is released', async () => {
    const { queue, store } = makeOne();
    await queue.add('e:1', entry(424));
    const other = makeOne(QUEUE_LIMITS, store).queue;
    expect([await queue.lease('e:1'), await other.lease('e:1'), await queue.lease('e:2')]).toEqual([true, false, false]);
    await queue.release('e:1', {});
    expect(await other.lease('e:1')).toBe(true);
  });

  it('sorts keys by time and by the order of making', () => {
    const keys = [1, 1, 1, 2, 1_800_000_000_000].map((ms) => entryKey(ms, Math.random));
    expect([...keys].sort()).toEqual(keys);
  });
});
