/** Two SDK versions in one store. The entries of other versions stand in a recorded file, as those versions wrote them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { entryKey, readEntry, sealedAtOf } from '../../../sdk-core/src/entry.js';
import { makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Store } from '../../../sdk-core/src/index.js';
import type { Queue } from '../../../sdk-core/src/queue.js';
import { makeOneQueue } from './one-queue.js';

const DAY_MS = 86_400_000;

interface Recorded {
  readonly key: string;
  readonly value: unknown;
}
const recorded = JSON.parse(readFileSync(new URL('entries-of-other-versions.json', import.meta.url), 'utf8')) as Record<string, Recorded>;
/** Bytes stand as base64 in the file. */
const entryOf = (name: string): [string, unknown] => {
  const { key, value } = recorded[name] as Recorded;
  const { bytes } = value as { bytes?: string };
  return [key, bytes === undefined ? value : { ...(value as object), bytes: new Uint8Array(Buffer.from(bytes, 'base64')) }];
};

async function makeShared(nowMs: number): Promise<{ queue: Queue; store: Store; lost: string[] }> {
  const store = makeMemoryStore();
  await store.write(0, Object.keys(recorded).map(entryOf));
  return makeOneQueue(store, undefined, { now: () => nowMs });
}

const sealedAtMs = sealedAtOf(entryOf('older')[0]);

describe('a store that two SDK versions share', () => {
  it('gives an entry of an older version the defaults of what it left out, and delivers it like any other', async () => {
    const { queue } = await makeShared(sealedAtMs + 1_000);
    const [key] = entryOf('older');
    expect((await queue.list()).find(([each]) => each === key)?.[1]).toMatchObject({
      sealedAtMs,
      failedAtMs: null,
      reports: 0,
      tries: 0,
      failed: [],
    });
    expect(await queue.lease(key)).toBe(true);
    await queue.remove(key);
    expect((await queue.list()).map(([each]) => each)).not.toContain(key);
  });

  it('keeps what a newer version added to an entry when it is leased and released', async () => {
    const { queue, store } = await makeShared(sealedAtMs + 1_000);
    const [key] = entryOf('newer with more fields');
    expect(await queue.lease(key)).toBe(true);
    await queue.release(key, { tries: 3 });
    expect(await store.get(key)).toMatchObject({ tries: 3, priority: 'high', leasedUntilMs: 0 });
  });

  it('neither sends nor loses an entry of a newer format, until it is too old for any version', async () => {
    const names = ['newer format', 'no bytes', 'not an object'];
    const { queue, store, lost } = await makeShared(sealedAtMs + 6 * DAY_MS);
    for (const name of names) {
      const [key, value] = entryOf(name);
      expect(readEntry(key, value), name).toBeUndefined();
      expect((await queue.list()).map(([each]) => each)).not.toContain(key);
      expect(await queue.lease(key)).toBe(false);
      expect(await store.get(key)).toEqual(value);
    }
    expect(lost).toEqual([]);

    const late = await makeShared(sealedAtMs + 8 * DAY_MS);
    expect(await late.queue.list()).toEqual([]);
    expect(await late.store.entries('e:')).toEqual([]);
    // Of the two that it can read, one and two reports.
    expect(late.lost).toEqual(Array(names.length + 3).fill('too_old'));
  });

  it('says the format of every entry that it writes', async () => {
    const { queue, store } = await makeShared(sealedAtMs + 1_000);
    const key = entryKey(sealedAtMs, Math.random);
    await queue.add(key, { ...(readEntry(...entryOf('older')) as NonNullable<ReturnType<typeof readEntry>>) });
    expect(await store.get(key)).toMatchObject({ format: 1 });
  });

  it('tells the time of sealing by the key alone', () => {
    expect(sealedAtOf(entryKey(1_795_000_000_123, () => 0.5))).toBe(1_795_000_000_123);
  });
});
