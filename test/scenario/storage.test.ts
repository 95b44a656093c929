/** The embedded engine in its owner process, and what becomes of it. Long because starting it is shared by all cases. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkServer, ClickHouseError, createStorageClient, startStorage } from '@outcry/storage';
import type { ClickHouseSettings } from '@clickhouse/client';
import { isRunning, signal } from '../kill.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

/** A query over so many rows runs for an hour. */
const ENDLESS = 'numbers(1000000000000)';
/** The 2 s that `close()` promises are the supervisor's, tested with its clock; here a stop that hangs is to be found, on any machine. */
const STOPPED_WITHIN_MS = 15_000;

let db: OpenStorage;
beforeAll(async () => {
  await buildStorage();
  db = await openStorage();
});
afterAll(async () => db?.close());

/** Waits for what a busy machine may take its time over. */
const until = async (condition: () => boolean | Promise<boolean>): Promise<void> =>
  void (await expect.poll(condition, { timeout: 60_000, interval: 20 }).toBe(true));

/** How many queries with this text run now, this look aside. */
const runningOf = async ({ ask }: OpenStorage, text: string): Promise<number> =>
  (await ask(`SELECT query FROM system.processes WHERE query LIKE '%${text}%' AND query NOT LIKE '%system.processes%'`)).length;

describe('the embedded engine behind its HTTP front', () => {
  test('is a server that the schema can be made on', async () => {
    expect(Number.parseInt(await checkServer(db.client), 10)).toBeGreaterThanOrEqual(24);
    expect(await db.client.ping()).toEqual({ success: true });
  });

  test('runs in UTC, flushes inserts to disk and bounds its memory', async () => {
    expect(await db.ask('SELECT timezone() AS zone')).toEqual([{ zone: 'UTC' }]);
    expect(
      await db.ask(
        "SELECT name, value FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory') ORDER BY name",
      ),
    ).toEqual([
      { name: 'fsync_after_insert', value: '1' },
      { name: 'fsync_part_directory', value: '1' },
    ]);
    const [limit] = await db.ask<{ value: string }>("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'");
    expect(Number(limit?.value)).toBeGreaterThan(0);
    expect(Number(limit?.value)).toBeLessThanOrEqual(2_000_000_000);
  });

  test('answers errors of which the client makes ClickHouseErrors', async () => {
    const missing = db.ask('SELECT * FROM nowhere');
    await expect(missing).rejects.toBeInstanceOf(ClickHouseError);
    await expect(missing).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    await expect(db.ask('SELEKT 1')).rejects.toMatchObject({ code: '62' });
  });

  test('keeps settings to the request they came with', async () => {
    const read = async (settings: ClickHouseSettings) => {
      const query = "SELECT toUInt32(getSetting('max_threads')) AS threads, toUInt32(getSetting('max_block_size')) AS block";
      return (await (await db.client.query({ query, format: 'JSONEachRow', clickhouse_settings: settings })).json())[0];
    };
    const before = await read({});
    expect(await read({ max_threads: 1, max_block_size: '1234' })).toEqual({ threads: 1, block: 1234 });
    expect(await read({})).toEqual(before);
  });

  test('takes parameters with quotes, backslashes and times of a millisecond', async () => {
    const query = "SELECT {text:String} AS text, {at:DateTime64(3, 'UTC')} AS at, {list:Array(UInt8)} AS list";
    const query_params = { text: `it's "a" \\ b\n\t?`, at: new Date('2026-01-02T03:04:05.678Z'), list: [1, 2] };
    const result = await db.client.query({ query, query_params, format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ text: query_params.text, at: '2026-01-02 03:04:05.678', list: [1, 2] }]);
  });

  test('stores blank lines, quotes and SQL in data as data, by every way of inserting', async () => {
    await db.run('CREATE TABLE blank (way String, text String) ENGINE = MergeTree ORDER BY way');
    const text = "a\n\nb'); DROP TABLE blank; --\n\nINSERT INTO blank VALUES ('x', 'y')";
    const csv = `"csv","${text}"\n`;
    await db.client.insert({ table: 'blank', values: [{ way: 'json', text }], format: 'JSONEachRow' });
    await db.client.insert({ table: 'blank', values: [['compact', text]], format: 'JSONCompactEachRow', columns: ['way', 'text'] });
    await db.client.command({ query: `INSERT INTO blank FORMAT CSV\n${csv}` });
    await db.client.command({ query: `INSERT INTO blank (way, text) VALUES ('values', '${text.replaceAll("'", "\\'")}');` });
    expect(await db.ask('SELECT way, text FROM blank ORDER BY way')).toEqual(
      ['compact', 'csv', 'json', 'values'].map((way) => ({ way, text })),
    );
  });

  test('takes and gives gzip, and tells how many rows were written', async () => {
    const client = createStorageClient(db.storage.connection);
    await db.run('CREATE TABLE packed (n UInt64, text String) ENGINE = MergeTree ORDER BY n');
    const sent = await client.insert({ table: 'packed', values: [{ n: '1', text: 'x'.repeat(10_000) }], format: 'JSONEachRow' });
    expect(sent.summary?.written_rows).toBe('1');
    const packed = createGzip();
    packed.end('[2, "two"]\n\n[3, "three"]\n');
    const { socketPath } = db.storage.connection;
    const { request } = await import('node:http');
    const status = await new Promise<number>((resolve, reject) => {
      const query = encodeURIComponent('INSERT INTO packed FORMAT JSONCompactEachRow');
      const post = request(
        { socketPath, path: `/?query=${query}`, method: 'POST', headers: { 'Content-Encoding': 'gzip' } },
        (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        },
      );
      post.once('error', reject);
      packed.pipe(post);
    });
    expect(status).toBe(200);
    expect(await db.ask('SELECT toUInt32(count()) AS rows, toUInt32(max(n)) AS last FROM packed')).toEqual([{ rows: 3, last: 3 }]);
    const coding = await new Promise<string | undefined>((resolve, reject) => {
      const post = request(
        { socketPath, path: '/?enable_http_compression=1', method: 'POST', headers: { 'Accept-Encoding': 'gzip' } },
        (response) => response.resume().once('end', () => resolve(response.headers['content-encoding'])),
      );
      post.once('error', reject);
      post.end('SELECT 1');
    });
    expect(coding).toBe('gzip');
    await client.close();
  });

  test('refuses a setting whose name is not a name', async () => {
    const settings = { 'max_threads = 1, readonly': '2' } as ClickHouseSettings;
    await expect(db.client.query({ query: 'SELECT 1', clickhouse_settings: settings })).rejects.toMatchObject({ code: '115' });
  });

  test('kills the query of a client that went away', async () => {
    const gone = new AbortController();
    const query = db.client.query({ query: `SELECT count() FROM ${ENDLESS}`, abort_signal: gone.signal });
    await until(async () => (await runningOf(db, ENDLESS)) === 1);
    gone.abort();
    await expect(query).rejects.toThrow();
    await until(async () => (await runningOf(db, ENDLESS)) === 0);
  });

  test('leaves no spool file behind, even of inserts that fail', async () => {
    await db.run('CREATE TABLE strict (n UInt8) ENGINE = MergeTree ORDER BY n');
    await expect(db.client.insert({ table: 'strict', values: [{ n: 'not a number' }], format: 'JSONEachRow' })).rejects.toBeInstanceOf(
      ClickHouseError,
    );
    expect(readdirSync(join(db.dataDir, 'spool'))).toEqual([]);
  });

  test('runs many queries at once, more than it has threads', async () => {
    const asked = Array.from({ length: 40 }, (_, n) => db.ask<{ n: number }>(`SELECT toUInt32(${n}) AS n, sleep(0.05)`));
    expect((await Promise.all(asked)).map((rows) => rows[0]?.n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });
});

describe('an owner process that is killed', () => {
  test('keeps every acknowledged row, and the same client works again', async () => {
    const lines: string[] = [];
    const killed = await openStorage({ log: (line) => lines.push(line) });
    await killed.run('CREATE TABLE kept (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY batch');
    const acknowledged: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const pid = killed.storage.pid();
      const inserting = (async () => {
        for (let batch = round * 1_000; ; batch += 1) {
          await killed.client.insert({
            table: 'kept',
            values: Array.from({ length: 200 }, (_, n) => ({ batch, n })),
            format: 'JSONEachRow',
          });
          acknowledged.push(batch);
        }
      })();
      await until(() => acknowledged.some((batch) => batch >= round * 1_000 + 3));
      expect(signal(pid, 'SIGKILL')).toBe(true);
      await expect(inserting).rejects.toThrow();
      await until(async () => (await killed.client.ping()).success);
      expect(killed.storage.pid()).not.toBe(pid);
    }
    const stored = await killed.ask<{ batch: number; rows: number }>('SELECT batch, toUInt32(count()) AS rows FROM kept GROUP BY batch');
    expect(acknowledged.filter((batch) => !stored.some((row) => row.batch === batch))).toEqual([]);
    expect(stored.filter(({ rows }) => rows !== 200)).toEqual([]);
    expect(lines).toContain('the embedded engine ended (SIGKILL) and is started again');
    await killed.close();
  });

  test('is killed and started again when it falls silent', async () => {
    const { supervise } = await import('../../storage/src/supervise.js');
    const { startOwner } = await import('../../storage/src/owner-process.js');
    const dataDir = await mkdtemp(join(tmpdir(), 'outcry-test-'));
    const task = { dataDir, listen: { socketPath: join(dataDir, 's') }, password: undefined, maxMemoryBytes: 1e9 };
    const first = await startOwner(task);
    const lines: string[] = [];
    const supervisor = supervise(first, () => startOwner(task), { log: (line) => lines.push(line), silentAfterMs: 3_000 });
    expect(signal(first.pid, 'SIGSTOP')).toBe(true);
    await until(() => supervisor.current().pid !== first.pid);
    expect(isRunning(first.pid)).toBe(false);
    expect(lines[0]).toMatch(/silent for 3000 ms/);
    await supervisor.stop();
    expect(isRunning(supervisor.current().pid)).toBe(false);
    await rm(dataDir, { recursive: true });
  });
});

describe('stopping', () => {
  test('leaves neither process nor socket, even while a query runs that would not end', async () => {
    const stopped = await openStorage();
    const pid = stopped.storage.pid();
    const endless = expect(stopped.ask(`SELECT count() FROM ${ENDLESS}`)).rejects.toThrow();
    await until(async () => (await runningOf(stopped, ENDLESS)) === 1);
    const startedMs = performance.now();
    await stopped.storage.close();
    expect(performance.now() - startedMs).toBeLessThan(STOPPED_WITHIN_MS);
    await endless;
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(stopped.storage.connection.socketPath ?? '')).toBe(false);
    await stopped.close();
  });

  test('happens by itself when the parent is killed', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'outcry-test-'));
    const script = `import { startStorage } from ${JSON.stringify(new URL('../../storage/dist/index.js', import.meta.url).href)};
      const storage = await startStorage({ dataDir: ${JSON.stringify(dataDir)} });
      process.send(storage.pid());`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const owner = await new Promise<number>((resolve) => parent.once('message', (pid) => resolve(Number(pid))));
    expect(isRunning(owner)).toBe(true);
    parent.kill('SIGKILL');
    await until(() => !isRunning(owner));
    await rm(dataDir, { recursive: true });
  });
});

describe('a data directory', () => {
  test('is made for this user only', async () => {
    expect((await stat(db.dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(db.storage.connection.socketPath ?? '')).mode & 0o077).toBe(0);
  });

  test('that another process uses is refused with OUTCRY_DATA_DIR_LOCKED', async () => {
    const listen = { socketPath: join(db.dataDir, 'second.sock') };
    await expect(startStorage({ dataDir: db.dataDir, listen })).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR_LOCKED' });
    expect(await db.client.ping()).toEqual({ success: true });
  });

  test('that cannot be made or holds a wildcard is refused with OUTCRY_DATA_DIR', async () => {
    await expect(startStorage({ dataDir: '/dev/null/outcry' })).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR' });
    await expect(startStorage({ dataDir: join(tmpdir(), 'outcry-{a}') })).rejects.toMatchObject({ code: 'OUTCRY_DATA_DIR' });
  });

  test('with a quote, a space and a path too long for a socket works', async () => {
    const base = await mkdtemp(join(tmpdir(), 'outcry-test-'));
    await chmod(base, 0o755);
    const long = await openStorage({ dataDir: join(base, "it's a", 'x'.repeat(100)) });
    expect(Buffer.byteLength(long.storage.connection.socketPath ?? '')).toBeLessThan(108);
    await long.run('CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n');
    await long.client.insert({ table: 't', values: [{ n: 7 }], format: 'JSONEachRow' });
    expect(await long.ask('SELECT n FROM t')).toEqual([{ n: 7 }]);
    await long.close();
    expect(existsSync(long.storage.connection.socketPath ?? '')).toBe(false);
    await rm(base, { recursive: true });
  });
});

describe('an engine on a port', () => {
  test('asks for its password and keeps its port over a restart', async () => {
    const ported = await openStorage({ listen: { host: '127.0.0.1', port: 0 } });
    expect(await ported.ask('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const stranger = createStorageClient({ url: ported.storage.connection.url, password: 'guess' });
    await expect(stranger.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' });
    expect(signal(ported.storage.pid(), 'SIGKILL')).toBe(true);
    await until(async () => (await ported.client.ping()).success);
    expect(await ported.ask('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await stranger.close();
    await ported.close();
  });

  test('does not listen beyond loopback, nor on a port that is taken', async () => {
    const dataDir = join(tmpdir(), `outcry-test-${process.pid}-port`);
    await expect(startStorage({ dataDir, listen: { host: '0.0.0.0', port: 0 } })).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await expect(startStorage({ dataDir, listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({ code: 'OUTCRY_PORT_TAKEN' });
    other.close();
    await rm(dataDir, { recursive: true });
  });
});

describe('a 64-bit id', () => {
  test('crosses JSON as a string', async () => {
    const result = await db.client.query({ query: 'SELECT toUInt64(18446744073709551615) AS id', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ id: '18446744073709551615' }]);
  });
});

describe('a machine without an engine', () => {
  test('is told so with OUTCRY_ENGINE_MISSING', async () => {
    process.env['CHDB_LIBCHDB_PATH'] = '/nowhere/libchdb.so';
    try {
      await expect(startStorage({ dataDir: join(tmpdir(), 'outcry-test-none') })).rejects.toMatchObject({ code: 'OUTCRY_ENGINE_MISSING' });
    } finally {
      delete process.env['CHDB_LIBCHDB_PATH'];
    }
  });
});

describe('a server elsewhere', () => {
  test('that does not answer is OUTCRY_STORAGE_UNREACHABLE', async () => {
    const client = createStorageClient({ url: 'http://localhost', socketPath: join(tmpdir(), 'outcry-nothing.sock') });
    await expect(checkServer(client)).rejects.toMatchObject({ code: 'OUTCRY_STORAGE_UNREACHABLE' });
    await client.close();
  });

  test('that is older than 24.8 is OUTCRY_STORAGE_TOO_OLD', async () => {
    const { createServer: createHttp } = await import('node:http');
    const old = createHttp((_request, response) => response.end('{"version":"23.3.1.1"}\n')).listen(0, '127.0.0.1');
    await new Promise((resolve) => old.once('listening', resolve));
    const client = createStorageClient({ url: `http://127.0.0.1:${(old.address() as { port: number }).port}` });
    await expect(checkServer(client)).rejects.toMatchObject({ code: 'OUTCRY_STORAGE_TOO_OLD' });
    await client.close();
    old.close();
  });
});
