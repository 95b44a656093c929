import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { diskRoom } from '../../../collector/src/journal/disk-room.js';
import { seenKey } from '../../../collector/src/journal/environment.js';
import { openJournal, type Journal, type JournalOptions } from '../../../collector/src/journal/journal.js';
import { removeDirectory, temporaryDirectory } from './sealed.js';

const MIB = 1024 ** 2;
const TODAY = Math.floor(Date.now() / 86_400_000);
let directory: string;
let journals: Journal[] = [];
const open = async (options: Partial<JournalOptions> = {}): Promise<Journal> => {
  const journal = await openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1000, maxBytes: 1e9, ...options });
  journals.push(journal);
  return journal;
};
const entries = (journal: Journal): string[] => [...journal.environment.queue.getRange({})].map(({ value }) => value.toString());

beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(async () => {
  for (const journal of journals) await journal.close();
  journals = [];
  await removeDirectory(directory);
});

describe('the journal', () => {
  it('stores an entry once, whichever way its copies come', async () => {
    const journal = await open();
    const key = randomBytes(16);
    const add = (): Promise<boolean> => journal.add(TODAY, key, Buffer.from('entry'));
    expect(await Promise.all([add(), add(), add()])).toEqual([true, false, false]);
    expect(await add()).toBe(false);
    expect(journal.has(TODAY, key)).toBe(true);
    expect(journal.has(TODAY - 1, key)).toBe(false);
    expect(entries(journal)).toEqual(['entry']);
  });

  it('keeps id, entries and dedup keys over a restart', async () => {
    const first = await open();
    const key = randomBytes(16);
    await first.add(TODAY, key, Buffer.from('entry'));
    await first.close();
    const second = await open();
    expect(second.id).toBe(first.id);
    expect(second.id).toMatch(/^[0-9a-f]{32}$/);
    expect(await second.add(TODAY, key, Buffer.from('again'))).toBe(false);
    expect(entries(second)).toEqual(['entry']);
  });

  it('keeps the order of arrival when the clock goes back', async () => {
    let now = 1_800_000_000_000;
    const journal = await open({ now: () => now });
    for (const name of ['a', 'b', 'c']) {
      await journal.add(TODAY, randomBytes(16), Buffer.from(name));
      now -= 60_000;
    }
    expect(entries(journal)).toEqual(['a', 'b', 'c']);
  });

  it('answers nobody before the flush, neither the first nor a duplicate', async () => {
    const held: (() => void)[] = [];
    const journal = await open({ flush: (write) => new Promise((resolve, reject) => held.push(() => void write.then(resolve, reject))) });
    const key = randomBytes(16);
    const answers: string[] = [];
    const first = journal.add(TODAY, key, Buffer.from('entry')).then(() => answers.push('first'));
    await expect.poll(() => journal.environment.seen.doesExist(seenKey(TODAY, key))).toBe(true);
    const duplicate = journal.confirm(key).then(() => answers.push('duplicate'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answers).toEqual([]);
    held[0]?.();
    await Promise.all([first, duplicate]);
    expect(answers.sort()).toEqual(['duplicate', 'first']);
    // Known only from the disk: a flush of our own has to come first.
    const late = journal.confirm(key).then(() => answers.push('late'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answers).toHaveLength(2);
    held[1]?.();
    await late;
  });

  it('answers no copy of what another process has written before a flush of its own', async () => {
    const other = await open();
    const key = randomBytes(16);
    await other.add(TODAY, key, Buffer.from('entry'));
    const held: (() => void)[] = [];
    const journal = await open({ flush: (write) => new Promise((resolve, reject) => held.push(() => void write.then(resolve, reject))) });
    let answered = 0;
    const copies = [journal.add(TODAY, key, Buffer.from('copy')), journal.add(TODAY, key, Buffer.from('copy')), journal.confirm(key)];
    for (const copy of copies) void copy.then(() => (answered += 1));
    // What finds the key there writes nothing, so it flushes nothing.
    held[0]?.();
    await expect.poll(() => held.length).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(answered).toBe(0);
    held[1]?.();
    await Promise.all(copies);
    expect(entries(journal)).toEqual(['entry']);
  });

  it('rejects when the write fails, and takes the same envelope later', async () => {
    let fail = true;
    const journal = await open({
      flush: async (write) => (await write.catch(() => false), fail ? Promise.reject(new Error('ENOSPC')) : true),
    });
    await expect(journal.confirm(randomBytes(16))).rejects.toThrow('ENOSPC');
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('x'))).rejects.toThrow('ENOSPC');
    fail = false;
    expect(await journal.add(TODAY, randomBytes(16), Buffer.from('y'))).toBe(true);
  });

  it('is full at its mark of entries or of bytes', async () => {
    const journal = await open({ maxEntries: 2 });
    expect(journal.isFull()).toBe(false);
    await journal.add(TODAY, randomBytes(16), Buffer.alloc(10_000));
    await journal.add(TODAY, randomBytes(16), Buffer.alloc(10_000));
    await expect.poll(() => journal.isFull()).toBe(true);
    expect(journal.usage().entries).toBe(2);
    expect(journal.usage().bytes).toBeGreaterThanOrEqual(20_000);
  });

  it('drops the dedup keys of days that no envelope may be of', async () => {
    let now = Date.now();
    const journal = await open({ now: () => now });
    const old = randomBytes(16);
    await journal.add(TODAY - 8, old, Buffer.from('x'));
    await journal.add(TODAY, randomBytes(16), Buffer.from('y'));
    expect(await journal.forgetOldDays()).toBe(0);
    now += 2 * 86_400_000;
    expect(await journal.forgetOldDays()).toBe(1);
    expect(journal.has(TODAY - 8, old)).toBe(false);
    expect(entries(journal)).toEqual(['x', 'y']);
  });
});

describe('diskRoom', () => {
  it('stops uploads below the mark and every write below the reserve, and is true again above them', () => {
    let [free, nowMs] = [100 * MIB, 0];
    const { hasRoom, canWrite } = diskRoom(
      directory,
      50 * MIB,
      () => free,
      () => nowMs,
    );
    const at = (mib: number): boolean[] => {
      free = mib * MIB;
      nowMs += 10;
      return [hasRoom(), canWrite()];
    };
    expect(at(50)).toEqual([true, true]);
    expect(at(49)).toEqual([false, true]);
    expect(at(15)).toEqual([false, false]);
    expect(at(60)).toEqual([true, true]);
    free = 0;
    nowMs += 9;
    expect(hasRoom()).toBe(true);
  });

  it('keeps a reserve whatever the mark says, and trusts a file system that cannot say', () => {
    expect(diskRoom(directory, 0, () => 31 * MIB).hasRoom()).toBe(false);
    const silent = diskRoom(directory, 0, () => {
      throw new Error('ENOSYS');
    });
    expect([silent.hasRoom(), silent.canWrite()]).toEqual([true, true]);
  });

  it('keeps a journal from writing to a full disk', async () => {
    let canWrite = true;
    const journal = await open({ canWrite: () => canWrite });
    const key = randomBytes(16);
    await journal.add(TODAY, key, Buffer.from('x'));
    canWrite = false;
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('y'))).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(journal.confirm(key)).rejects.toMatchObject({ code: 'ENOSPC' });
    canWrite = true;
    await journal.confirm(key);
    expect(entries(journal)).toEqual(['x']);
  });
});
