/**
 * Uploads of every sort come from known addresses, by the shipped nginx configuration and without it, errors, floods and crashes
 * included. Then every byte that anything wrote is searched for these addresses.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request as plainRequest, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '@outcry/storage';
import { openStorage, type OpenStorage } from '../scenario/storage-fixture.js';
import { options, removeDirectory, seal, temporaryDirectory } from '../unit/collector/sealed.js';
import { CBOR_JUNK, ENVELOPE_JUNK } from './junk.js';
import { NAME, NGINX, startNginx, type Nginx } from './nginx.js';

/** Of a client that reaches nginx or the collector itself: every part of it is rare in what software writes. */
const LOOPBACK = '127.77.133.91';
/** Of clients that a trusted proxy names. */
const V4 = '91.64.203.119';
const V6 = '2003:c7:9a4d:5501:8b3e:77ff:fe21:ac19';

const v6Bytes = Buffer.from(V6.split(':').map((group) => group.padStart(4, '0')).join(''), 'hex'); // prettier-ignore
const numberOf = (address: string): number => Buffer.from(address.split('.').map(Number)).readUInt32BE();
/** How the addresses could stand in a text: whole, as a prefix, as a number, as hex. */
const TEXTS = [
  '127.77.133',
  '91.64.203',
  '9a4d:5501',
  '2003:c7:9a4d',
  '2003:00c7:9a4d',
  String(numberOf(LOOPBACK)),
  String(numberOf(V4)),
  numberOf(V4).toString(16),
  v6Bytes.toString('hex'),
  v6Bytes.toString('hex', 0, 6),
];
/** Binary forms that no chance makes: 16 bytes, and the /64 of it, in both byte orders. */
const BYTES = [v6Bytes.subarray(0, 8), Buffer.from(v6Bytes.subarray(0, 8)).reverse(), v6Bytes];
/** Four bytes turn up by chance once in a few gigabytes, so these are looked for only where little is written. */
const SHORT = [V4, LOOPBACK].flatMap((address) => [
  Buffer.from(address.split('.').map(Number)),
  Buffer.from(address.split('.').map(Number).reverse()),
]);

let directory: string;
let engine: OpenStorage;
let child: ChildProcess;
let url: URL;
let nginx: Nginx | undefined;
let written = '';
const answers: string[] = [];
const seen = new Set<string>();

/** Starts the collector; it cuts off slow clients after so many ms. */
async function startChild(headersTimeoutMs: number, requestTimeoutMs: number): Promise<void> {
  const plain = {
    ...options(join(directory, 'collector'), { trustProxy: ['127.0.0.1'], limits: { headersTimeoutMs, requestTimeoutMs, uploadBurst: 400 } }),
    storage: undefined,
    log: undefined,
  }; // prettier-ignore
  child = fork(new URL('collector-process.mjs', import.meta.url), [JSON.stringify({ ...plain, connection: engine.storage.connection })], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    cwd: directory,
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (written += chunk.toString('latin1')));
  const [message] = (await once(child, 'message')) as [{ url: string }];
  url = new URL(message.url);
}

async function endBy(end: () => unknown): Promise<void> {
  const ended = once(child, 'close');
  end();
  await ended;
}

beforeAll(async () => {
  directory = await temporaryDirectory();
  engine = await openStorage();
  await migrate(engine.client, {});
  await startChild(300, 600);
}, 120_000);
afterAll(async () => {
  await nginx?.stop();
  child.kill('SIGKILL');
  await engine.close();
  await removeDirectory(directory);
});

async function note(answer: IncomingMessage): Promise<void> {
  let text = `${answer.statusCode ?? 0} ${answer.rawHeaders.join('\n')}\n`;
  for await (const chunk of answer) text += (chunk as Buffer).toString('latin1');
  answers.push(text);
  seen.add(/"code":"(\w+)"/.exec(text)?.[1] ?? String(answer.statusCode));
}

type Way = (path: string, method: string, bytes?: Buffer) => Promise<void>;

/** Sends to the collector itself, either as a proxy that names a client, or as that client. */
const direct =
  (localAddress: string, forwarded?: string): Way =>
  (path, method, bytes) =>
    // prettier-ignore
    new Promise((resolve, reject) => {
    const headers = { ...(forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }), 'content-length': bytes?.length ?? 0 };
    const outgoing = plainRequest({ host: '127.0.0.1', port: url.port, path, method, headers, localAddress }, (answer) => {
      note(answer).then(resolve, reject);
    });
    // A large body may be cut off before its answer.
    outgoing.on('error', () => resolve());
    outgoing.end(bytes);
  });

/**
 * A client that waits in the middle of its upload, which the collector has in work.
 *
 * @returns What resolves when its connection ends, with whether it was answered.
 */
async function held(forwarded: string): Promise<{ readonly ended: Promise<boolean> }> {
  const headers = { 'x-forwarded-for': forwarded, 'content-length': 50_000 };
  const outgoing = plainRequest({ host: '127.0.0.1', port: url.port, path: '/v1/reports', method: 'POST', headers });
  let isAnswered = false;
  outgoing.on('response', (answer) => {
    isAnswered = true;
    answer.resume();
  });
  outgoing.on('error', () => undefined);
  const ended = new Promise<boolean>((resolve) => outgoing.once('close', () => resolve(isAnswered)));
  outgoing.write(Buffer.alloc(1_000, 1));
  const metrics = async (): Promise<string> => (await fetch(new URL('/metrics', url), { headers: { connection: 'close' } })).text();
  await expect.poll(metrics, { timeout: 30_000, interval: 250 }).toMatch(/^outcry_uploads_in_work 1$/m);
  return { ended };
}

const throughNginx: Way = (path, method, bytes) =>
  new Promise((resolve) => {
    const headers = { host: NAME, 'content-length': bytes?.length ?? 0 };
    const where = { host: '127.0.0.1', port: nginx?.port ?? 0, servername: NAME, ca: nginx?.ca ?? '', localAddress: LOOPBACK };
    const outgoing = tlsRequest({ ...where, path, method, headers }, (answer) => {
      note(answer).then(resolve, resolve);
    });
    outgoing.on('error', () => resolve());
    outgoing.end(bytes);
  });

/** Everything that a client can meet: stored, duplicate, each refusal, other routes. */
async function visit(way: Way): Promise<void> {
  const envelope = await seal();
  await way('/v1/reports', 'POST', envelope);
  await way('/v1/reports', 'POST', envelope);
  for (const { make } of [...ENVELOPE_JUNK, ...CBOR_JUNK.slice(0, 12)]) await way('/v1/reports', 'POST', await make());
  await way('/v1/reports', 'OPTIONS');
  await way('/v1/reports', 'GET');
  for (const path of ['/v1/witness', '/healthz', '/readyz', '/metrics', '/nowhere', '/%', '/v1/reports?a=b']) await way(path, 'GET');
}

/** What is no HTTP, ends in the middle, or takes too long. */
async function misbehave(port: number): Promise<void> {
  const lines = ['\x16\x03\x01\r\n\r\n', `GET / HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n`, 'POST /v1/reports HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\nx', 'GET']; // prettier-ignore
  await Promise.all(
    lines.map(async (line) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress: LOOPBACK });
      socket.on('data', (chunk: Buffer) => void answers.push(chunk.toString('latin1')));
      socket.on('error', () => undefined);
      socket.write(line);
      await once(socket, 'close');
    }),
  );
}

async function filesIn(place: string): Promise<{ name: string; content: Buffer }[]> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/^asn-.*\.bin$/.test(entry.name));
  return Promise.all(
    files.map(async (file) => ({
      name: join(file.parentPath, file.name),
      content: await readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0)),
    })),
  );
}

function expectNoAddress(content: Buffer, name: string, shapes: readonly Buffer[] = BYTES): void {
  for (const text of TEXTS) expect(content.includes(text), `${text} in ${name}`).toBe(false);
  for (const shape of shapes) expect(content.includes(shape), `${shape.toString('hex')} in ${name}`).toBe(false);
}

describe.skipIf(NGINX === undefined)('an address', () => {
  it('is in no file, log, metric, answer or crash output, whatever its client did', async () => {
    nginx = await startNginx(join(directory, 'nginx'), Number(url.port), [
      // As an operator would switch it on.
      ['# access_log /var/log/nginx/outcry.log no_address;', `access_log ${directory}/access.log no_address;`],
      ['access_log off;', ''],
    ]);
    await visit(direct('127.0.0.1', V4));
    await visit(direct('127.0.0.1', `1.1.1.1, ${V6}`));
    await visit(direct('127.0.0.1', 'no address'));
    await visit(direct(LOOPBACK));
    await visit(throughNginx);
    await misbehave(Number(url.port));
    await misbehave(nginx.port);
    // Beyond the allowance of a prefix, at nginx and at the collector.
    const envelope = await seal();
    await Promise.all(Array.from({ length: 300 }, () => throughNginx('/v1/reports', 'POST', envelope)));
    for (let index = 0; index < 600; index += 1) await direct('127.0.0.1', V4)('/v1/reports', 'POST', envelope);
    expect([...seen]).toEqual(expect.arrayContaining(['204', 'rate_limited', 'open_failed', 'bad_signature', 'bad_cbor', 'unknown_key']));
    expect([...seen]).toEqual(expect.arrayContaining(['body_too_large', 'envelope_too_large', 'not_found', 'method_not_allowed']));
    expect([...seen]).toEqual(expect.arrayContaining(['404', '413', '400']));

    child.send('drain');
    await once(child, 'message');
    const [rows] = await engine.ask<{ networks: string[] }>('SELECT groupUniqArray(network) AS networks FROM reports');
    expect(rows?.networks.some((network) => /^AS\d+\/DE$/.test(network))).toBe(true);

    // Two ways for a process to crash with clients connected: a fault of its own, and a signal. No clock is to end these clients before.
    await endBy(() => child.kill('SIGKILL'));
    for (const crash of [(): unknown => child.send('throw'), (): unknown => child.kill('SIGABRT')]) {
      await startChild(60_000, 60_000);
      await direct('127.0.0.1', V4)('/v1/reports', 'POST', envelope);
      const waiting = await held(V6);
      const passing = direct(LOOPBACK)('/v1/reports', 'POST', await seal());
      await endBy(crash);
      expect(await waiting.ended, 'whether the client that waited was answered').toBe(false);
      await passing;
      // nginx has nobody behind it now.
      await throughNginx('/v1/reports', 'POST', envelope);
    }
    expect(written).toContain('made to fail');
    await nginx.stop();
    const nginxOutput = nginx.output();
    nginx = undefined;

    for (const answer of answers) expectNoAddress(Buffer.from(answer, 'latin1'), 'an answer', [...BYTES, ...SHORT]);
    expect(answers.length).toBeGreaterThan(500);
    expectNoAddress(Buffer.from(written, 'latin1'), 'the output of the collector', [...BYTES, ...SHORT]);
    expectNoAddress(Buffer.from(nginxOutput, 'latin1'), 'the output of nginx', [...BYTES, ...SHORT]);
    const ours = await filesIn(directory);
    expect(ours.map(({ name }) => name)).toContain(join(directory, 'access.log'));
    expect(ours.find(({ name }) => name.endsWith('access.log'))?.content.toString()).toMatch(/ 429 /);
    expect(ours.some(({ name }) => name.endsWith('journal.lmdb'))).toBe(true);
    // A report of Node's or a core dump would hold the memory of the process.
    expect(ours.filter(({ name }) => /report\.|core(\.\d+)?$/.test(name))).toEqual([]);
    for (const { name, content } of ours) expectNoAddress(content, name, name.endsWith('journal.lmdb') ? [...BYTES, ...SHORT] : BYTES);
    const stored = await filesIn(engine.dataDir);
    expect(stored.length).toBeGreaterThan(10);
    for (const { name, content } of stored) expectNoAddress(content, name);
  }, 180_000);

  it('would be found: the search finds each of its forms', () => {
    for (const shape of [...TEXTS.map((text) => Buffer.from(text)), ...BYTES])
      expect(() => expectNoAddress(Buffer.concat([Buffer.alloc(99), shape, Buffer.alloc(99)]), 'it')).toThrow();
  });

  it('is in no crash report of Node’s, since none is written', () => {
    const { reportOnFatalError, reportOnSignal, reportOnUncaughtException } = process.report;
    expect([reportOnFatalError, reportOnSignal, reportOnUncaughtException]).toEqual([false, false, false]);
  });
});
