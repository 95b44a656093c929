/** A collector of several processes over the embedded engine: one port, one journal, one drainer, and no count wrong when one is killed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorkers, type CollectorPool } from '@outcry/collector';
import { migrate } from '@outcry/storage';
import { isRunning, signal } from '../kill.js';
import {
  body,
  newSigner,
  options,
  plainOptions,
  post,
  removeDirectory,
  seal,
  startCollector,
  temporaryDirectory,
} from '../unit/collector/sealed.js';
import { eventually } from './eventually.js';
import { drainerOf } from './ledger.js';
import { buildCollector, openStorage, type OpenStorage } from './storage-fixture.js';

/** For what a busy machine may take its time over. */
const PATIENCE_MS = 60_000;

let engine: OpenStorage;
let directory: string;
let pools: CollectorPool[] = [];

const start = async (change: object = {}): Promise<CollectorPool> => {
  const rest = plainOptions(directory, { trustProxy: ['127.0.0.0/8'] });
  const limits = { batchAfterMs: 50, retryCapMs: 200, uploadBurst: 1e6, uploadsPerSecond: 1e6 };
  const pool = await startWorkers({ ...rest, storage: engine.storage.connection, workers: 2, limits, log: () => undefined, ...change });
  pools.push(pool);
  return pool;
};
const reports = async (): Promise<number> =>
  (await engine.ask<{ n: number }>('SELECT toUInt32(count()) AS n FROM reports FINAL'))[0]?.n ?? -1;
const metric = async (url: string, line: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`, { headers: { connection: 'close' } })).text();
  return Number(
    text
      .split('\n')
      .find((each) => each.startsWith(`${line} `))
      ?.split(' ')
      .at(-1) ?? 'NaN',
  );
};
/** Asks again: a worker that is too busy to answer is missing in one sum, not in the next. */
const expectMetric = (url: string, line: string, value: number): Promise<void> =>
  eventually(async () => expect(await metric(url, line), line).toBe(value), PATIENCE_MS);
/** Sends on a connection of its own, so that the workers take turns; tries again until it is taken, as agents do, for a limited time. */
const deliver = (url: string, envelope: Buffer, tryMs = 5_000): Promise<void> =>
  eventually(async () => expect(await post(url, envelope, { connection: 'close' }, tryMs)).toMatchObject({ status: 204 }), PATIENCE_MS);

beforeAll(async () => {
  await buildCollector();
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(() => engine.close());
beforeEach(async () => {
  directory = await temporaryDirectory();
  await engine.run('TRUNCATE TABLE reports');
});
afterEach(async () => {
  for (const pool of pools) await pool.close();
  pools = [];
  await removeDirectory(directory);
});

describe('workers', () => {
  it('rank the clients of a prefix together, whichever of them each meets', async () => {
    const { url, drained } = await start();
    for (let sent = 0; sent < 8; sent += 1) {
      const headers = { connection: 'close', 'x-forwarded-for': `91.64.203.${sent + 1}` };
      expect((await post(url, await seal(body(), { signer: await newSigner() }), headers)).status).toBe(204);
    }
    await drained();
    const counts = await engine.ask(
      'SELECT toString(crowd) AS crowd, toUInt32(count()) AS n FROM reports FINAL GROUP BY crowd ORDER BY crowd',
    );
    expect(counts).toEqual([
      { crowd: 'few', n: 2 },
      { crowd: 'first', n: 1 },
      { crowd: 'many', n: 5 },
    ]);
  });

  it('share a port, a journal and their metrics, and count an envelope once whichever of them its copies meet', async () => {
    const { url, pids, drained } = await start();
    expect(new Set(pids()).size).toBe(2);
    const envelopes = await Promise.all(Array.from({ length: 30 }, () => seal()));
    // A try that is given up may have been taken all the same: the next would be one duplicate more.
    await Promise.all([...envelopes, ...envelopes, ...envelopes].map((envelope) => deliver(url, envelope, PATIENCE_MS)));
    await drained();
    expect(await reports()).toBe(30);
    await expectMetric(url, 'outcry_workers', 2);
    await expectMetric(url, 'outcry_up', 1);
    await expectMetric(url, 'outcry_uploads_total{code="stored"}', 30);
    await expectMetric(url, 'outcry_uploads_total{code="duplicate"}', 60);
    await expectMetric(url, 'outcry_journal_entries', 0);
  });

  it('are started again when killed, one by one and all at once, and no counter falls', async () => {
    const { url, pids, drained } = await start();
    const first = await Promise.all(Array.from({ length: 10 }, () => seal()));
    await Promise.all(first.map((envelope) => deliver(url, envelope)));
    await expectMetric(url, 'outcry_uploads_total{code="stored"}', 10);
    const [victim, other] = pids();
    expect(signal(victim, 'SIGKILL')).toBe(true);
    await expect.poll(pids, { timeout: PATIENCE_MS }).not.toContain(victim);
    expect(pids()).toContain(other);
    for (const pid of pids()) signal(pid, 'SIGKILL');
    const more = await Promise.all(Array.from({ length: 10 }, () => seal()));
    await Promise.all(more.map((envelope) => deliver(url, envelope)));
    await expectMetric(url, 'outcry_workers', 2);
    await expectMetric(url, 'outcry_uploads_total{code="stored"}', 20);
    await drained();
    expect(await reports()).toBe(20);
  });

  it('have one drainer; when it is killed, another takes over', async () => {
    const { url, pids, drained } = await start();
    await deliver(url, await seal());
    await drained();
    const holder = await drainerOf(directory);
    expect(pids()).toContain(holder);
    expect(signal(holder, 'SIGKILL')).toBe(true);
    await deliver(url, await seal());
    await expect.poll(reports, { timeout: PATIENCE_MS }).toBe(2);
    const next = await drainerOf(directory);
    expect(next).not.toBe(holder);
    expect(pids()).toContain(next);
  });

  it('turn /readyz 503 first, take uploads until the delay is over, drain, and are gone', async () => {
    // Much longer than this machine may take for two requests, so that it is the delay that takes the upload.
    const pool = await start({ limits: { batchAfterMs: 60_000, stopDelayMs: 10_000, closeAfterMs: PATIENCE_MS } });
    const pids = pool.pids();
    expect((await fetch(`${pool.url}/readyz`)).status).toBe(200);
    const closed = pool.close();
    await expect
      .poll(async () => (await fetch(`${pool.url}/readyz`, { headers: { connection: 'close' } })).status, { timeout: PATIENCE_MS })
      .toBe(503);
    await deliver(pool.url, await seal());
    await closed;
    await expect(fetch(`${pool.url}/readyz`)).rejects.toThrow();
    expect(pids.filter(isRunning)).toEqual([]);
    expect(await reports()).toBe(1);
  });

  it('refuse a directory that another collector runs on, and give it back when they stop', async () => {
    const pool = await start();
    await expect(start()).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR_LOCKED' });
    await expect(startCollector(options(directory))).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR_LOCKED' });
    await pool.close();
    await (await startCollector(options(directory))).close();
  });

  it('name what is wrong with their options or their port', async () => {
    const { port } = await start();
    const other = await temporaryDirectory();
    await expect(start({ dataDir: other, port })).rejects.toMatchObject({ code: 'OUTCRY_PORT_TAKEN' });
    await expect(start({ workers: 0 })).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
    await expect(start({ dataDir: '/dev/null/x' })).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR' });
    await removeDirectory(other);
  });
});
