/** A collector of several processes over the embedded engine: one port, one journal, one drainer, and no count wrong when one is killed. */
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWorkers, type CollectorPool } from '@outcry/collector';
import { migrate } from '@outcry/storage';
import { openEnvironment } from '../../collector/src/journal/environment.js';
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
import { buildCollector, openStorage, type OpenStorage } from './storage-fixture.js';

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
/** Sends on a connection of its own, so that the workers take turns; tries again until it is taken, as agents do. */
const deliver = async (url: string, envelope: Buffer): Promise<void> => {
  for (;;) {
    const answer = await post(url, envelope, { connection: 'close' }, 5_000).catch(() => undefined);
    if (answer?.status === 204) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
/** The process that drains, as the journal says. */
const drainerPid = async (): Promise<number> => {
  const environment = openEnvironment(join(directory, 'journal', 'journal.lmdb'));
  const bytes = environment.meta.get('drainer');
  await environment.root.close();
  return bytes === undefined ? 0 : (JSON.parse(bytes.toString()) as { pid: number }).pid;
};
const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

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
    await Promise.all([...envelopes, ...envelopes, ...envelopes].map((envelope) => deliver(url, envelope)));
    await drained();
    expect(await reports()).toBe(30);
    expect(await metric(url, 'outcry_workers')).toBe(2);
    expect(await metric(url, 'outcry_up')).toBe(1);
    expect(await metric(url, 'outcry_uploads_total{code="stored"}')).toBe(30);
    expect(await metric(url, 'outcry_uploads_total{code="duplicate"}')).toBe(60);
    expect(await metric(url, 'outcry_journal_entries')).toBe(0);
  });

  it('are started again when killed, one by one and all at once, and no counter falls', async () => {
    const { url, pids, drained } = await start();
    const first = await Promise.all(Array.from({ length: 10 }, () => seal()));
    await Promise.all(first.map((envelope) => deliver(url, envelope)));
    expect(await metric(url, 'outcry_uploads_total{code="stored"}')).toBe(10);
    const [victim = 0, other = 0] = pids();
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => pids().includes(victim), { timeout: 10_000 }).toBe(false);
    expect(pids()).toContain(other);
    for (const pid of pids()) process.kill(pid, 'SIGKILL');
    const more = await Promise.all(Array.from({ length: 10 }, () => seal()));
    await Promise.all(more.map((envelope) => deliver(url, envelope)));
    await expect.poll(() => metric(url, 'outcry_workers'), { timeout: 10_000 }).toBe(2);
    expect(await metric(url, 'outcry_uploads_total{code="stored"}')).toBe(20);
    await drained();
    expect(await reports()).toBe(20);
  });

  it('have one drainer; when it is killed, another takes over', async () => {
    const { url, pids, drained } = await start();
    await deliver(url, await seal());
    await drained();
    const holder = await drainerPid();
    expect(pids()).toContain(holder);
    process.kill(holder, 'SIGKILL');
    await deliver(url, await seal());
    await expect.poll(reports, { timeout: 10_000 }).toBe(2);
    const next = await drainerPid();
    expect(next).not.toBe(holder);
    expect(pids()).toContain(next);
  });

  it('turn /readyz 503 first, take uploads until the delay is over, drain, and are gone', async () => {
    const pool = await start({ limits: { batchAfterMs: 60_000, stopDelayMs: 700 } });
    const pids = pool.pids();
    expect((await fetch(`${pool.url}/readyz`)).status).toBe(200);
    const closed = pool.close();
    await expect.poll(async () => (await fetch(`${pool.url}/readyz`, { headers: { connection: 'close' } })).status).toBe(503);
    await deliver(pool.url, await seal());
    await closed;
    await expect(fetch(`${pool.url}/readyz`)).rejects.toThrow();
    expect(pids.filter((pid) => !isGone(pid))).toEqual([]);
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
