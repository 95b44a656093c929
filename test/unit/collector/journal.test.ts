import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { diskRoom } from '../../../collector/src/journal/disk-room.js';
import { openJournal, type Journal, type JournalOptions } from '../../../collector/src/journal/journal.js';
import { removeDirectory, temporaryDirectory } from './sealed.js';

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
    await expect.poll(() => journal.environment.seen(TODAY).doesExist(key)).toBe(true);
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
    expect(await journal.forgetOldDays()).toEqual([]);
    now += 2 * 86_400_000;
    expect(await journal.forgetOldDays()).toEqual([TODAY - 8]);
    expect(entries(journal)).toEqual(['x', 'y']);
  });
});

describe('diskRoom', () => {
  it('turns false below the mark and true again above it, without being waited for', async () => {
    let free = 100;
    const hasRoom = diskRoom(directory, 50, () => Promise.resolve(free));
    expect(hasRoom()).toBe(true);
    free = 10;
    await expect.poll(hasRoom, { timeout: 5_000 }).toBe(false);
    free = 60;
    await expect.poll(hasRoom, { timeout: 5_000 }).toBe(true);
  });
});
