import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { startDrainer, type Drainer } from '../../../collector/src/drain/drainer.js';
import { cutBatch } from '../../../collector/src/drain/batch.js';
import { drainLease, type Lease } from '../../../collector/src/drain/lease.js';
import { encodeBody } from '@outcry/protocol';
import { packEntry, type JournalEntry } from '../../../collector/src/journal/entry.js';
import { openJournal, type Journal } from '../../../collector/src/journal/journal.js';
import { createMetrics } from '../../../collector/src/metrics.js';
import { attempts, body, failure, removeDirectory, temporaryDirectory } from './sealed.js';

interface Call {
  readonly table: string;
  readonly ids: string[];
  readonly token: string;
}
let directory: string;
let journal: Journal;
let drainers: Drainer[] = [];
/** What storage took, and how it answers. */
let taken: Call[] = [];
let answer: (call: Call) => Promise<void>;

const start = (change = {}): Drainer => {
  const drainer = startDrainer({
    journal,
    collector: 'c1',
    insert: async (table, rows, token) => {
      const ids = Array.from({ length: rows.length }, (_, index) => rows.values(index).at(-1) ?? '');
      const call = { table, token, ids };
      await answer(call);
      taken.push(call);
    },
    metrics: createMetrics(
      () => journal.usage(),
      () => 0,
    ),
    log: () => undefined,
    batchRows: 100,
    batchAfterMs: 20,
    retryCapMs: 30,
    ...change,
  });
  drainers.push(drainer);
  return drainer;
};
const add = async (count: number, failures = 1, change: Partial<JournalEntry> = {}): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    const dedup = randomBytes(16);
    const entry: JournalEntry = {
      receivedAtS: 1_800_000_000,
      sealedDay: 20_000,
      dedup,
      signer: 1n,
      network: 'unknown/ZZ',
      country: 'ZZ',
      offsetS: null,
      development: false,
      crowd: '',
      rows: failures + 1,
      body: encodeBody(body({ failures: Array.from({ length: failures }, () => failure()), attempts: [attempts()] })),
      ...change,
    };
    await journal.add(20_000, dedup, packEntry(entry));
  }
};
const reports = (): string[] => taken.filter(({ table }) => table === 'reports').flatMap(({ ids }) => ids);

beforeEach(async () => {
  directory = await temporaryDirectory();
  journal = await openJournal(join(directory, 'journal.lmdb'), { maxEntries: 1e6, maxBytes: 1e9 });
  taken = [];
  answer = () => Promise.resolve();
});
afterEach(async () => {
  for (const drainer of drainers) await drainer.close(0);
  drainers = [];
  await journal.close();
  await removeDirectory(directory);
});

describe('the drainer', () => {
  it('inserts every row once, by table, under tokens of journal, batch and table', async () => {
    await add(3, 2);
    await start().drained();
    expect(reports()).toHaveLength(6);
    expect(new Set(reports()).size).toBe(6);
    expect(taken.map(({ token }) => token)).toEqual([`${journal.id}:1:reports`, `${journal.id}:1:attempts`]);
    expect(journal.usage().entries).toBe(0);
  });

  it('cuts batches of at most twice the wished size', async () => {
    await add(30, 20);
    await start({ batchRows: 100 }).drained();
    expect(reports()).toHaveLength(600);
    for (const { table, ids } of taken) if (table === 'reports') expect(ids.length).toBeLessThanOrEqual(210);
  });

  it('inserts an envelope of more rows than a batch is wished to have whole, alone and once', async () => {
    await add(3, 60);
    await start({ batchRows: 10 }).drained();
    const calls = taken.filter(({ table }) => table === 'reports');
    expect(calls.map(({ ids, token }) => [ids.length, token])).toEqual([1, 2, 3].map((number) => [60, `${journal.id}:${number}:reports`]));
    expect(new Set(reports()).size).toBe(180);
    expect(journal.usage().entries).toBe(0);
  });

  it('cuts a batch at 8 MiB, of few rows though they be', async () => {
    // Of a development project only failures become rows; all of what came is in the journal.
    const long = Buffer.concat([encodeBody(body()), Buffer.alloc(3 * 1024 ** 2)]);
    await add(7, 1, { development: true, rows: 1, body: long });
    await start({ batchRows: 10_000 }).drained();
    expect(taken.map(({ table, ids }) => [table, ids.length])).toEqual([3, 3, 1].map((rows) => ['dev_reports', rows]));
    expect(journal.usage().entries).toBe(0);
  });

  it('repeats the same rows under the same token until storage takes them', async () => {
    await add(2);
    const tried: Call[] = [];
    let away = 3;
    answer = (call) => {
      tried.push(call);
      return away-- > 0 ? Promise.reject(Object.assign(new Error('away'), { code: 'ECONNREFUSED' })) : Promise.resolve();
    };
    const drainer = start();
    await add(1);
    await drainer.drained();
    expect(tried.slice(0, 4).map(({ token }) => token)).toEqual(new Array(4).fill(`${journal.id}:1:reports`));
    expect(new Set(tried.slice(0, 4).map(({ ids }) => ids.join()))).toHaveProperty('size', 1);
    expect(new Set(reports()).size).toBe(3);
  });

  it('does not repeat a table that was taken before another failed', async () => {
    await add(1);
    let failures = 2;
    answer = ({ table }) => (table === 'attempts' && failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve());
    await start().drained();
    expect(taken.map(({ table }) => table)).toEqual(['reports', 'attempts']);
  });

  it('goes on with the unfinished batch after a restart', async () => {
    await add(2);
    answer = () => Promise.reject(new Error('away'));
    const first = start();
    await expect.poll(() => journal.environment.batches.getCount()).toBe(1);
    await first.close(0);
    await add(1);
    answer = () => Promise.resolve();
    await start().drained();
    expect(taken[0]).toMatchObject({ token: `${journal.id}:1:reports` });
    expect(taken[0]?.ids).toHaveLength(2);
    expect(taken.filter(({ table }) => table === 'reports').map(({ token }) => token)).toEqual([
      `${journal.id}:1:reports`,
      `${journal.id}:2:reports`,
    ]);
    expect(new Set(reports()).size).toBe(3);
  });

  it('puts aside only the row that storage refuses for its data', async () => {
    await add(20);
    let poison: string | undefined;
    answer = ({ table, ids }) => {
      if (table !== 'reports') return Promise.resolve();
      poison ??= ids[7];
      return ids.includes(poison ?? '') ? Promise.reject(Object.assign(new Error('cannot parse'), { code: '27' })) : Promise.resolve();
    };
    await start().drained();
    expect(reports()).toHaveLength(19);
    expect(reports()).not.toContain(poison);
    expect(journal.environment.quarantine.getCount()).toBe(1);
  });

  it('keeps everything when storage refuses every row', async () => {
    await add(20);
    answer = () => Promise.reject(Object.assign(new Error('unknown column'), { code: '117' }));
    const drainer = start();
    await expect.poll(() => journal.environment.batches.getCount()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(journal.environment.quarantine.getCount()).toBe(0);
    answer = () => Promise.resolve();
    await drainer.drained();
    expect(reports()).toHaveLength(20);
  });

  it('puts aside an entry that it cannot read, and goes on', async () => {
    await journal.add(20_000, randomBytes(16), Buffer.from('not an entry'));
    await add(1);
    await start().drained();
    expect(reports()).toHaveLength(1);
    expect(journal.environment.quarantine.getCount()).toBe(1);
  });

  it('puts aside an entry that could be read when its batch was cut, and cannot after a restart', async () => {
    await add(2);
    answer = () => Promise.reject(new Error('away'));
    const first = start();
    await expect.poll(() => journal.environment.batches.getCount()).toBe(1);
    await first.close(0);
    const [{ key }] = [...journal.environment.queue.getRange({ limit: 1 })] as unknown as [{ key: Buffer }];
    await journal.environment.queue.put(Buffer.from(key), Buffer.from('of another version'));
    answer = () => Promise.resolve();
    await start().drained();
    expect(reports()).toHaveLength(1);
    expect([...journal.environment.quarantine.getRange({})].map(({ value }) => value.toString())).toEqual(['of another version']);
    expect(journal.usage().entries).toBe(0);
  });

  it('puts aside an entry whose body is damaged, with none of its rows', async () => {
    await add(1, 3);
    const [{ key, value } = { key: Buffer.of(), value: Buffer.of() }] = journal.environment.queue.getRange({});
    await journal.environment.queue.put(key, value.subarray(0, -40));
    await add(1, 2);
    await start().drained();
    expect(taken.map(({ table, ids }) => [table, ids.length])).toEqual([
      ['reports', 2],
      ['attempts', 1],
    ]);
    expect(journal.environment.quarantine.getCount()).toBe(1);
  });

  it('closes although storage hangs, and loses nothing', async () => {
    await add(1);
    let release = (): void => undefined;
    answer = () => new Promise((resolve) => (release = resolve));
    const drainer = start();
    await expect.poll(() => journal.environment.batches.getCount()).toBe(1);
    const began = performance.now();
    await drainer.close(50);
    // Storage answers only after this: whoever waits for it waits for ever.
    expect(performance.now() - began).toBeLessThan(10_000);
    release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(journal.usage().entries).toBe(1);
  });

  it('wakes for new entries without being asked', async () => {
    const drainer = start();
    await drainer.drained();
    await add(1);
    drainer.wake(1);
    await expect.poll(() => reports().length).toBe(1);
  });
});

describe('a batch', () => {
  /** Two drainers of one journal, of which the second took the lease while the first was between holding it and cutting. */
  const takenOver = async (): Promise<[Lease, Lease]> => {
    let nowMs = 0;
    const [one, two] = [drainLease(journal, () => 0), drainLease(journal, () => nowMs)];
    expect(await one.hold()).toBe(true);
    expect(await two.hold()).toBe(false);
    nowMs = 30_000;
    expect(await two.hold()).toBe(true);
    return [one, two];
  };

  it('is cut by the holder of the lease alone, and no number is given twice', async () => {
    await add(2);
    const [one, two] = await takenOver();
    const [before, of] = await Promise.all([cutBatch(journal, one, 1), cutBatch(journal, two, 100)]);
    expect(before).toBeUndefined();
    expect([of?.number, of?.keys.length]).toEqual([1, 2]);
    expect(journal.environment.batches.getCount()).toBe(1);
    // It looks before it drains again.
    expect(await one.hold()).toBe(false);
  });

  it('is not cut while the list of another is there', async () => {
    await add(1);
    const lease = drainLease(journal);
    await lease.hold();
    expect((await cutBatch(journal, lease, 100))?.number).toBe(1);
    expect(await cutBatch(journal, lease, 100)).toBeUndefined();
    expect(journal.environment.batches.getCount()).toBe(1);
  });
});
