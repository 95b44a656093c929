/** Collectors with the embedded engine: what was acknowledged is in storage, once, under the right network, without an address. */
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createStorageClient, migrate } from '@outcry/storage';
import { dedupKey, reportId } from '@outcry/protocol/open';
import {
  attempts,
  body,
  failure,
  KEY,
  options,
  post,
  removeDirectory,
  seal,
  startCollector,
  temporaryDirectory,
} from '../unit/collector/sealed.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
const root = new URL('../..', import.meta.url).pathname;
const GERMAN = { 'x-forwarded-for': '91.64.203.119' };
let engine: OpenStorage;
let directories: string[] = [];
let collectors: Collector[] = [];
let children: ChildProcess[] = [];

const directory = async (): Promise<string> => {
  const made = await temporaryDirectory();
  directories.push(made);
  return made;
};
const start = async (name: string, dataDir: string, change = {}): Promise<Collector> => {
  const collector = await startCollector(options(dataDir, { name, storage: engine.client, trustProxy: ['127.0.0.0/8'], ...change }));
  collectors.push(collector);
  return collector;
};
const reports = (): Promise<{ report_id: string; network: string; collector: string }[]> =>
  engine.ask('SELECT toString(report_id) AS report_id, network, collector FROM reports FINAL ORDER BY report_id');
const idOf = (envelope: Buffer, index = 0): string => reportId(dedupKey(envelope), 3, index).toString();

beforeAll(async () => {
  await buildStorage();
  await promisify(execFile)(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', join(root, 'collector')]);
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(() => engine.close());
beforeEach(async () => {
  for (const table of ['reports', 'dev_reports', 'attempts', 'deliveries', 'losses', 'consent_counts'])
    await engine.run(`TRUNCATE TABLE ${table}`);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const collector of collectors) await collector.close();
  for (const made of directories) await removeDirectory(made);
  children = [];
  collectors = [];
  directories = [];
});

describe('a report', () => {
  it('arrives in every table it has something for, under the network that the trusted proxy names', async () => {
    const { url, drained } = await start('c1', await directory());
    const content = body({
      failures: [failure(), failure({ route: null })],
      attempts: [attempts()],
      deliveries: [
        {
          sent_at: Math.floor(Date.now() / 1000) - 5,
          collector: 'c2.example.org',
          failed_collectors: ['c1.example.net'],
          tries: '1',
          later_retry: 'unknown',
        },
      ],
      losses: [{ reason: 'queue_full', bucket: '1' }],
      consents: [{ text: 'v3', text_hash: '', method: 'dialog', granted_day: 20_000 }],
    });
    const envelope = await seal(content);
    expect((await post(url, envelope, GERMAN)).status).toBe(204);
    await drained();
    const rows = await reports();
    expect(rows.map(({ report_id }) => report_id)).toEqual([idOf(envelope, 0), idOf(envelope, 1)].sort());
    expect(rows.every(({ network, collector }) => /^AS\d+\/DE$/.test(network) && collector === 'c1')).toBe(true);
    const count = async (table: string) => (await engine.ask<{ n: string }>(`SELECT toString(count()) AS n FROM ${table} FINAL`))[0]?.n;
    expect(await Promise.all(['attempts', 'deliveries', 'losses', 'consent_counts', 'dev_reports'].map(count))).toEqual([
      '1',
      '1',
      '1',
      '1',
      '0',
    ]);
  });

  it('that reaches two collectors counts once', async () => {
    const [one, two] = [await start('c1', await directory()), await start('c2', await directory())];
    const envelope = await seal();
    expect((await post(one.url, envelope)).status).toBe(204);
    expect((await post(two.url, envelope)).status).toBe(204);
    await Promise.all([one.drained(), two.drained()]);
    expect(await reports()).toHaveLength(1);
  });

  it('leaves no address anywhere: not in the journal, the engine’s files, the log or the metrics', async () => {
    const lines: string[] = [];
    const dataDir = await directory();
    const { url, drained } = await start('c1', dataDir, { log: (entry: object) => void lines.push(JSON.stringify(entry)) });
    await post(url, await seal(), GERMAN);
    await post(url, Buffer.alloc(700, 1), GERMAN);
    await drained();
    lines.push(await (await fetch(`${url}/metrics`, { headers: GERMAN })).text());
    const files = (await Promise.all([dataDir, engine.dataDir].map((place) => readdir(place, { recursive: true, withFileTypes: true }))))
      .flat()
      .filter((file) => file.isFile() && !/^asn-.*\.bin$/.test(file.name));
    expect(files.length).toBeGreaterThan(10);
    const bytes = [Buffer.from([91, 64, 203, 119]), Buffer.from([119, 203, 64, 91]), Buffer.from('91.64.203')];
    for (const file of files) {
      const content = await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0));
      for (const shape of bytes) expect(content.includes(shape), file.name).toBe(false);
    }
    for (const line of lines) expect(line).not.toContain('91.64.203');
  });
});

describe('storage that goes away', () => {
  /** A way to storage that can be closed: connections are refused with 503. */
  let open = true;
  let front: Server;
  beforeAll(async () => {
    front = createServer((incoming, outgoing) => {
      if (!open) {
        incoming.resume();
        outgoing.writeHead(503).end('away');
        return;
      }
      const { url, socketPath } = engine.storage.connection;
      const target = new URL(url);
      const way = socketPath === undefined ? { host: target.hostname, port: target.port } : { socketPath };
      const forwarded = httpRequest(
        { ...way, path: incoming.url ?? '/', method: incoming.method ?? 'POST', headers: incoming.headers },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
  });
  afterAll(() => void front.close());

  it('loses nothing: uploads are acknowledged meanwhile, and inserted once it is back', async () => {
    const client = createStorageClient({
      ...engine.storage.connection,
      socketPath: undefined,
      url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    } as never);
    open = false;
    const { url, drained } = await start('c1', await directory(), { storage: client, limits: { retryCapMs: 100, batchAfterMs: 10 } });
    const envelopes = await Promise.all(Array.from({ length: 20 }, () => seal()));
    for (const envelope of envelopes) expect((await post(url, envelope)).status).toBe(204);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await reports()).toHaveLength(0);
    open = true;
    await drained();
    expect((await reports()).map(({ report_id }) => report_id)).toEqual(envelopes.map((envelope) => idOf(envelope)).sort());
    await client.close();
  });
});

describe('a collector that is killed under load', () => {
  const run = async (dataDir: string): Promise<{ child: ChildProcess; url: string }> => {
    const limits = { batchAfterMs: 30, batchRows: 50, uploadBurst: 1e6, uploadsPerSecond: 1e6 };
    const plain = { ...options(dataDir, { limits }), storage: undefined, log: undefined };
    const child = fork(
      join(root, 'test/scenario/collector-process.mjs'),
      [JSON.stringify({ ...plain, keys: [KEY], connection: engine.storage.connection })],
      {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    children.push(child);
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    return { child, url };
  };

  it('has lost nothing that it acknowledged, and stored nothing twice', async () => {
    const dataDir = await directory();
    const envelopes = await Promise.all(Array.from({ length: 600 }, () => seal()));
    const acknowledged: string[] = [];
    let next = 0;
    for (let round = 0; round < 4; round += 1) {
      const { child, url } = await run(dataDir);
      const until = (round + 1) * 150;
      const senders = Array.from({ length: 8 }, async () => {
        while (next < until) {
          const envelope = envelopes[next++];
          if (envelope === undefined) return;
          const answer = await post(url, envelope).catch(() => undefined);
          if (answer?.status === 204) acknowledged.push(idOf(envelope));
        }
      });
      const killAfter = 70 + 20 * round;
      await expect.poll(() => acknowledged.length >= round * 60 + killAfter || next >= until, { timeout: 30_000, interval: 1 }).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await Promise.all(senders);
    }
    const { child } = await run(dataDir);
    child.send('drain');
    await once(child, 'message');
    const stored = (await reports()).map(({ report_id }) => report_id);
    expect(acknowledged.length).toBeGreaterThan(200);
    expect(new Set(stored).size).toBe(stored.length);
    expect(acknowledged.filter((id) => !stored.includes(id))).toEqual([]);
    const known = new Set(envelopes.map((envelope) => idOf(envelope)));
    expect(stored.every((id) => known.has(id))).toBe(true);
  });
});
