/** Outages that last: of storage, of one collector's way to it, of a whole collector for hours; and clocks that jump. Every count is exact afterwards. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startAnalyzer, type AnalyzerHandle } from '@outcry/analyzer';
import { migrate, refreshRollups } from '@outcry/storage';
import { HOST, options, post, removeDirectory, startCollector, temporaryDirectory } from '../unit/collector/sealed.js';
import { Ledger, seeded, type Ask } from './ledger.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';
import { wayTo, type StorageWay } from './storage-way.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LIMITS = { batchAfterMs: 20, batchRows: 200, retryCapMs: 100, uploadBurst: 1e6, uploadsPerSecond: 1e6, minFreeBytes: 0 };
let engine: OpenStorage;
let analyzer: AnalyzerHandle;
let directories: string[] = [];
let collectors: Collector[] = [];
let ways: StorageWay[] = [];

const directory = async (): Promise<string> => {
  const made = await temporaryDirectory();
  directories.push(made);
  return made;
};
const way = async (): Promise<StorageWay> => {
  const made = await wayTo(engine.storage.connection);
  ways.push(made);
  return made;
};
const start = async (name: string, dataDir: string, change: object = {}, limits: object = {}): Promise<Collector> => {
  const made = await startCollector(options(dataDir, { name, storage: engine.client, limits: { ...LIMITS, ...limits }, ...change }));
  collectors.push(made);
  return made;
};
const ask: Ask = (query) => engine.ask(query);
const expectExact = async (ledger: Ledger): Promise<void> => {
  await refreshRollups(engine.client, { nowMs: Date.now() });
  await ledger.expectExact(ask, analyzer.url);
};
const listen = async (): Promise<void> => {
  const projects = { shop: { hosts: [HOST], stage: 'production' as const } };
  analyzer = await startAnalyzer({ host: '127.0.0.1', port: 0, client: engine.client, projects, intervalMs: 60_000 });
};

beforeAll(async () => {
  await buildStorage();
  engine = await openStorage();
  await migrate(engine.client, {});
  await listen();
});
afterAll(async () => {
  await analyzer.close();
  await engine.close();
});
beforeEach(async () => {
  for (const table of ['reports', 'attempts', 'rollup_10s', 'rollup_1m', 'rollup_1h', 'series_1m', 'series_1h'])
    await engine.run(`TRUNCATE TABLE ${table}`);
});
afterEach(async () => {
  for (const each of ways) each.isOpen = true;
  for (const each of collectors) await each.close();
  for (const each of ways) await each.close();
  for (const made of directories) await removeDirectory(made);
  directories = [];
  collectors = [];
  ways = [];
});

describe('one envelope at two collectors at once', () => {
  it.each(['first', 'second'])('counts once when storage is away from the %s and comes back', async (cutOff) => {
    const [one, two] = [await way(), await way()];
    const c1 = await start('c1', await directory(), { storage: one.client });
    const c2 = await start('c2', await directory(), { storage: two.client });
    (cutOff === 'first' ? one : two).isOpen = false;
    const ledger = new Ledger(seeded(1));
    for (let index = 0; index < 40; index += 1) {
      const { bytes } = await ledger.make();
      // In either order, and at the same time.
      const [left, right] = index % 2 === 0 ? [c1, c2] : [c2, c1];
      const answers = await Promise.all([post(left.url, bytes), post(right.url, bytes)]);
      expect(answers.map(({ status }) => status)).toEqual([204, 204]);
    }
    await (cutOff === 'first' ? c2 : c1).drained();
    await expectExact(ledger);
    (cutOff === 'first' ? one : two).isOpen = true;
    await (cutOff === 'first' ? c1 : c2).drained();
    await expectExact(ledger);
  });
});

describe('a collector that returns after hours with a full journal', () => {
  it('adds what only it had, and nothing twice', async () => {
    const thenMs = Date.now() - 5 * HOUR_MS;
    const then = { now: () => thenMs };
    const ledger = new Ledger(seeded(2), thenMs);
    const [place, away] = [await directory(), await way()];
    away.isOpen = false;
    const before = await start('c1', place, { ...then, storage: away.client }, { journalEntries: 30, closeAfterMs: 50 });
    const c2 = await start('c2', await directory(), then);
    let refused = 0;
    for (let index = 0; index < 60; index += 1) {
      const { bytes } = await ledger.make();
      const answer = await post(before.url, bytes);
      if (answer.status !== 204) {
        expect(answer).toMatchObject({ status: 503, code: 'journal_full' });
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
        refused += 1;
      }
      // What it refused goes elsewhere, as agents do; and of the rest, a third.
      if (answer.status !== 204 || index % 3 === 0) expect((await post(c2.url, bytes)).status).toBe(204);
      // How full it is is looked at ten times a second.
      if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 110));
    }
    expect(refused).toBeGreaterThan(10);
    await before.close();
    await c2.drained();
    await refreshRollups(engine.client, { nowMs: Date.now() });
    const after = await start('c1', place);
    await after.drained();
    await expectExact(ledger);
  });
});

describe('storage that is away for an hour', () => {
  it('stops no upload; afterwards everything is there once', async () => {
    let nowMs = Date.now() - HOUR_MS;
    const c1 = await start('c1', await directory(), { now: () => nowMs });
    const ledger = new Ledger(seeded(3), nowMs);
    const early = await ledger.make();
    expect((await post(c1.url, early.bytes)).status).toBe(204);
    await c1.drained();
    const { dataDir } = engine;
    await analyzer.close();
    await engine.stop();
    for (let minute = 0; minute < 60; minute += 1) {
      nowMs += 60_000;
      const { bytes } = await ledger.make({ nowMs });
      expect((await post(c1.url, bytes)).status).toBe(204);
    }
    engine = await openStorage({ dataDir });
    await listen();
    await c1.drained();
    await expectExact(ledger);
  });
});

describe('a clock that jumps', () => {
  it('by days, there and back, loses no honest upload and stores none twice', async () => {
    const realMs = Date.now();
    let jumpMs = 0;
    const c1 = await start('c1', await directory(), { now: () => realMs + jumpMs });
    const ledger = new Ledger(seeded(4), realMs);
    const kept: Buffer[] = [];
    for (const days of [0, 3, -0.5, 30, 0, -20, 0]) {
      jumpMs = days * DAY_MS;
      const { bytes } = await ledger.make();
      const answer = await post(c1.url, bytes);
      // A clock that is days off cannot tell a stale envelope from a fresh one: it refuses none for good.
      if (answer.status === 204) kept.push(bytes);
      else expect(answer).toMatchObject({ status: 503, code: 'clock_unsure' });
      if (Math.abs(days) <= 3) expect(answer.status).toBe(204);
      if (answer.status !== 204) {
        jumpMs = 0;
        expect((await post(c1.url, bytes)).status).toBe(204);
      }
    }
    jumpMs = 0;
    for (const bytes of kept) expect((await post(c1.url, bytes)).status).toBe(204);
    await c1.drained();
    // In which bin a report lies depends on the clock it arrived by; that it is there once does not.
    await ledger.expectRows(ask);
  });
});
