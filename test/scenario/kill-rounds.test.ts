/**
 * Two collectors, one of them with two workers, over the embedded engine, under load, and killed: a worker, the one that drains, the
 * owner of storage, the second collector, or everything. At any kill acknowledged ⊆ stored ⊆ sent; at the end every count is exact.
 *
 * `OUTCRY_TEST_SEED` repeats a run's choices; the seed is printed.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnalyzer } from '@outcry/analyzer';
import { migrate, refreshRollups } from '@outcry/storage';
import { signal } from '../kill.js';
import { limitMs, sizeOf } from '../long.js';
import { HOST, KEY, removeDirectory, temporaryDirectory } from '../unit/collector/sealed.js';
import { KillableCollector } from './killable-collector.js';
import { Ledger, livingDrainerOf, seeded, type Ask, type Sent } from './ledger.js';
import { buildCollector, openStorage, type OpenStorage } from './storage-fixture.js';

const ROUNDS = sizeOf('killRounds');
const SENDERS = 6;
const VICTIMS = ['worker', 'drainer', 'storage', 'second', 'all'] as const;
const seed = Number(process.env['OUTCRY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

let engine: OpenStorage;
/** The test has ended, well or badly: nothing is tried any more. */
let isOver = false;
const directories: string[] = [];
const collectors: KillableCollector[] = [];
const directory = async (): Promise<string> => {
  const made = await temporaryDirectory();
  directories.push(made);
  return made;
};

/** Asks again while the engine is being started again. */
const ask: Ask = async <T>(query: string): Promise<T[]> => {
  for (let tries = 0; ; tries += 1) {
    try {
      return await engine.ask<T>(query);
    } catch (error) {
      if (tries >= 600) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

beforeAll(async () => {
  await buildCollector();
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(async () => {
  isOver = true;
  for (const collector of collectors) await collector.kill(await collector.workers().catch(() => []));
  await engine.close();
  for (const made of directories) await removeDirectory(made);
});

describe('processes that are killed at random moments under load', () => {
  it(
    `lose nothing that was acknowledged and count nothing twice, over ${ROUNDS} rounds`,
    async () => {
      const random = seeded(seed);
      const ledger = new Ledger(random);
      const { connection } = engine.storage;
      const first = new KillableCollector(await directory(), { name: 'c1', keys: [KEY], connection, workers: 2 });
      const second = new KillableCollector(await directory(), { name: 'c2', keys: [KEY], connection });
      collectors.push(first, second);
      await Promise.all([first.start(), second.start()]);
      const dataDirs = [first.dataDir, second.dataDir];
      const kills: Record<(typeof VICTIMS)[number], number> = { worker: 0, drainer: 0, storage: 0, second: 0, all: 0 };

      let stopped = false;
      const isStopped = (): boolean => stopped;
      const acknowledge = async (collector: KillableCollector, sent: Sent): Promise<void> => {
        if (await collector.deliver(sent.bytes, () => isOver)) ledger.acknowledged.add(sent.dedup);
      };
      /** Once, twice at a time, to both at once, or to one after the other: as hedges, lost answers and retries make it. */
      const ways: ((sent: Sent) => Promise<unknown>)[] = [
        (sent) => acknowledge(first, sent),
        (sent) => acknowledge(second, sent),
        (sent) => Promise.all([acknowledge(first, sent), acknowledge(first, sent)]),
        (sent) => Promise.all([acknowledge(first, sent), acknowledge(second, sent)]),
        async (sent) => {
          await acknowledge(second, sent);
          await acknowledge(first, sent);
        },
      ];
      const senders = Array.from({ length: SENDERS }, async () => {
        while (!isStopped() && !isOver) await ways[ledger.pick(ways.length)]?.(await ledger.make());
      });
      const failed = Promise.all(senders).then(() => undefined);
      /** Waits for so many more acknowledgements. */
      const progress = async (count: number): Promise<void> => {
        const until = ledger.acknowledged.size + count;
        while (ledger.acknowledged.size < until && !isOver) {
          await Promise.race([failed, new Promise((resolve) => setTimeout(resolve, 1))]);
        }
      };

      for (let round = 0; round < ROUNDS; round += 1) {
        // Every sort of victim comes up in a bounded run, then at random.
        const victim = VICTIMS[round < VICTIMS.length ? round : ledger.pick(VICTIMS.length)] ?? 'all';
        kills[victim] += 1;
        const workers = await first.workers();
        await progress(4 + ledger.pick(20));
        if (victim === 'worker') signal(workers[ledger.pick(workers.length)], 'SIGKILL');
        else if (victim === 'drainer') signal(await livingDrainerOf(first.dataDir), 'SIGKILL');
        else if (victim === 'storage') signal(engine.storage.pid(), 'SIGKILL');
        else if (victim === 'second') await second.kill();
        else {
          signal(engine.storage.pid(), 'SIGKILL');
          await Promise.all([first.kill(workers), second.kill()]);
        }
        await ledger.expectHonest(dataDirs, ask);
        if (victim === 'all') await first.start();
        if (victim === 'all' || victim === 'second') await second.start();
      }
      await progress(5);
      stopped = true;
      await failed;
      await ledger.expectHonest(dataDirs, ask);
      expect(ledger.acknowledged.size).toBe(ledger.sent.length);
      await Promise.all([first.drained(), second.drained()]);
      await expect.poll(() => refreshRollups(engine.client, { nowMs: Date.now() }).then(() => true), { timeout: 60_000 }).toBe(true);
      const analyzer = await startAnalyzer({
        host: '127.0.0.1',
        port: 0,
        client: engine.client,
        projects: { shop: { hosts: [HOST], stage: 'production' } },
      });
      try {
        await ledger.expectExact(ask, analyzer.url);
      } finally {
        await analyzer.close();
      }
      const reports = ledger.sent.reduce((sum, { reportIds }) => sum + reportIds.length, 0);
      const killed = Object.entries(kills).map(([name, count]) => `${name} ${count}`);
      console.log(
        `kill rounds: ${ROUNDS} (${killed.join(', ')}), seed ${seed}: ${ledger.sent.length} envelopes with ${reports} reports, none lost, none counted twice`,
      );
    },
    limitMs(300_000, 1_800_000),
  );
});
