import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskRoom } from '../../../collector/src/journal/disk-room.js';
import { seenKey } from '../../../collector/src/journal/environment.js';
import { openJournal, type Journal, type JournalOptions } from '../../../collector/src/journal/journal.js';
import { rewriteFile } from '../../../collector/src/journal/rewrite-file.js';
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
    await expect.poll(() => held.length).toBe(2);
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

describe('a journal of which a flush failed', () => {
  const NEVER_MS = 3_600_000;
  const diskError = (): Error => Object.assign(new Error('input/output error'), { code: 'EIO' });
  /** Its commits are visible, as lmdb's are, before their flush fails. */
  const failing = async (options: Partial<JournalOptions> = {}) => {
    const disk = { fails: false, flushes: 0 };
    const flush = async (write: Promise<boolean>): Promise<boolean> => {
      const result = await write;
      disk.flushes += 1;
      if (disk.fails) throw diskError();
      return result;
    };
    return { disk, journal: await open({ flush, repairAfterMs: NEVER_MS, ...options }) };
  };

  it('takes and confirms nothing until all of its file was written again, though the disk seems fine', async () => {
    const { disk, journal } = await failing();
    const key = randomBytes(16);
    disk.fails = true;
    await expect(journal.add(TODAY, key, Buffer.from('x'))).rejects.toMatchObject({ code: 'EIO' });
    disk.fails = false;
    const { flushes } = disk;
    expect([journal.has(TODAY, key), journal.commits.isSound()]).toEqual([true, false]);
    await expect(journal.confirm(key)).rejects.toMatchObject({ code: 'EIO' });
    await expect(journal.add(TODAY, key, Buffer.from('x'))).rejects.toMatchObject({ code: 'EIO' });
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('y'))).rejects.toMatchObject({ code: 'EIO' });
    await expect(journal.forgetOldDays()).rejects.toMatchObject({ code: 'EIO' });
    expect(disk.flushes).toBe(flushes);
    expect(await journal.commits.repair()).toBe(true);
    await journal.confirm(key);
    expect(await journal.add(TODAY, key, Buffer.from('x'))).toBe(false);
    expect(await journal.add(TODAY, randomBytes(16), Buffer.from('y'))).toBe(true);
    expect(entries(journal)).toEqual(['x', 'y']);
  });

  it('rejects what was flushed in the same moment, since only one is told of an error', async () => {
    const ends: ((fails: boolean) => void)[] = [];
    const flush = async (write: Promise<boolean>): Promise<boolean> => {
      const result = await write;
      const fails = await new Promise<boolean>((resolve) => ends.push(resolve));
      if (fails) throw diskError();
      return result;
    };
    const journal = await open({ flush, repairAfterMs: NEVER_MS });
    const answers = ['x', 'y'].map((name) => journal.add(TODAY, randomBytes(16), Buffer.from(name)).catch(() => 'rejected'));
    await expect.poll(() => ends.length).toBe(2);
    // The one that is fine comes first.
    ends[0]?.(false);
    ends[1]?.(true);
    expect(await Promise.all(answers)).toEqual(['rejected', 'rejected']);
  });

  it('is not repaired by a disk that still fails or has no room, and says so until it is', async () => {
    const told: string[] = [];
    let canWrite = true;
    const { disk, journal } = await failing({
      canWrite: () => canWrite,
      onFailed: (code) => void told.push(code),
      onRepaired: () => void told.push('repaired'),
    });
    disk.fails = true;
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('x'))).rejects.toThrow();
    expect(await journal.commits.repair()).toBe(false);
    disk.fails = false;
    canWrite = false;
    expect(await journal.commits.repair()).toBe(false);
    expect(journal.commits.isSound()).toBe(false);
    canWrite = true;
    expect(await journal.commits.repair()).toBe(true);
    expect(told).toEqual(['EIO', 'repaired']);
  });

  it('is repaired by itself', async () => {
    const { disk, journal } = await failing({ repairAfterMs: 1 });
    disk.fails = true;
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('x'))).rejects.toThrow();
    disk.fails = false;
    await expect.poll(() => journal.commits.isSound(), { timeout: 10_000 }).toBe(true);
    expect(await journal.add(TODAY, randomBytes(16), Buffer.from('y'))).toBe(true);
  });

  it('is repaired before anything else by whoever opens it after a crash', async () => {
    const first = await failing();
    const key = randomBytes(16);
    first.disk.fails = true;
    await expect(first.journal.add(TODAY, key, Buffer.from('x'))).rejects.toThrow();
    await first.journal.close();
    const { journal: still } = await failing({ canWrite: () => false });
    expect(still.commits.isSound()).toBe(false);
    await expect(still.confirm(key)).rejects.toThrow();
    await still.close();
    const { journal } = await failing();
    expect(journal.commits.isSound()).toBe(true);
    await journal.close();
    expect((await readdir(directory)).filter((name) => name.startsWith('unsafe-'))).toEqual([]);
  });

  it('waits for no repair when only our own mark kept it from writing', async () => {
    let canWrite = false;
    const { journal } = await failing({ canWrite: () => canWrite });
    await expect(journal.add(TODAY, randomBytes(16), Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(journal.commits.isSound()).toBe(true);
    canWrite = true;
    expect(await journal.add(TODAY, randomBytes(16), Buffer.from('y'))).toBe(true);
  });
});

describe('rewriteFile', () => {
  it('writes every byte again while nobody else may write, and changes none', async () => {
    const file = join(directory, 'file');
    const bytes = randomBytes(9 * MIB + 7);
    await writeFile(file, bytes);
    let isAlone = false;
    let chunks = 0;
    await rewriteFile(file, (work) => {
      isAlone = true;
      work();
      chunks += 1;
      isAlone = false;
    });
    expect([isAlone, chunks]).toEqual([false, 3]);
    expect((await readFile(file)).equals(bytes)).toBe(true);
    await expect(rewriteFile(join(directory, 'none'), (work) => work())).rejects.toMatchObject({ code: 'ENOENT' });
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
