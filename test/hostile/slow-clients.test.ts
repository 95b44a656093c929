/** Clients that hold on to connections: each is cut off, none keeps others out. What is asserted is how connections end, not when. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../examples/shop/src/certificates.js';
import { options, post, removeDirectory, seal, startCollector, temporaryDirectory } from '../unit/collector/sealed.js';
import { NAME, NGINX, startNginx, type Nginx } from './nginx.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
const LIMITS = { headersTimeoutMs: 400, requestTimeoutMs: 800, uploadsInWorkPerPrefix: 3 };
const LONG_MS = 120_000;

let directory: string;
let collector: Collector | undefined;
let nginx: Nginx | undefined;
let sockets: Socket[] = [];

beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await nginx?.stop();
  await collector?.close();
  nginx = undefined;
  collector = undefined;
  await removeDirectory(directory);
});

const start = async (change = {}): Promise<Collector> =>
  (collector = await startCollector(options(directory, { trustProxy: ['127.0.0.1'], limits: LIMITS, ...change })));

interface Client {
  readonly socket: Socket;
  /** What it was sent until the other side ended the connection. */
  readonly ended: Promise<string>;
}

/** A client that sends `first` and then `drip` again and again, until it is cut off. */
function client(socket: Socket, first: string, drip = ''): Client {
  sockets.push(socket);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(first);
  const dripping = drip === '' ? undefined : setInterval(() => socket.write(drip), 50);
  const ended = closed.then(() => {
    clearInterval(dripping);
    return text;
  });
  return { socket, ended };
}

const POST = 'POST /v1/reports HTTP/1.1\r\nHost: c1.example.net\r\n';
const HUGE = `${POST}X-Filler: ${'x'.repeat(40_000)}\r\n`;
/** Name, what is sent first, what again and again, and how the answer begins if there is one. */
const SLOW: [string, string, string, RegExp][] = [
  ['never says a word', '', '', /^(HTTP\/1\.1 408 .*)?$/s],
  ['never ends its header', POST, 'X-A: b\r\n', /^(HTTP\/1\.1 408 .*)?$/s],
  ['stops within its header', `${POST}X-`, '', /^(HTTP\/1\.1 408 .*)?$/s],
  ['sends its body by the byte', `${POST}Content-Length: 2000\r\n\r\n`, 'x', /^(HTTP\/1\.1 408 .*)?$/s],
  ['stops within its body', `${POST}Content-Length: 2000\r\n\r\nxx`, '', /^(HTTP\/1\.1 408 .*)?$/s],
  ['sends a chunked body without an end', `${POST}Transfer-Encoding: chunked\r\n\r\n`, '1\r\nx\r\n', /^(HTTP\/1\.1 408 .*)?$/s],
  ['sends a header of 40 kB', HUGE, '', /^HTTP\/1\.1 (431|400) /],
  ['sends headers without number', POST, `${'X-A: b\r\n'.repeat(200)}`, /^(HTTP\/1\.1 (431|400|408) .*)?$/s],
  ['speaks something else', '\x16\x03\x01 hello\r\n\r\n', '', /^(HTTP\/1\.1 400 .*)?$/s],
];

describe('a collector', () => {
  it.each(SLOW)('cuts off a client that %s', async (_name, first, drip, answer) => {
    const { port, url } = await start();
    expect(await client(connect(port, '127.0.0.1'), first, drip).ended).toMatch(answer);
    expect((await post(url, await seal())).status).toBe(204);
    await expect.poll(async () => (await fetch(`${url}/metrics`)).text(), { interval: 250 }).toMatch(/^outcry_uploads_in_work 0$/m);
  });

  it('drops a client that goes on after it was told to go', async () => {
    const { port } = await start();
    const stubborn = client(connect({ port, host: '127.0.0.1', allowHalfOpen: true }), POST, 'X-A: b\r\n');
    // Its own end stays open; it closes only when the other side takes nothing more.
    expect(await stubborn.ended).toMatch(/^(HTTP\/1\.1 408 .*)?$/s);
  });

  it('with TLS cuts off a client that never begins its handshake', async () => {
    const { cert, key } = makeCertificate({ name: NAME, names: [NAME], notBeforeMs: Date.now() - 1e7, notAfterMs: Date.now() + 1e9 });
    const tls = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    writeFileSync(tls.certFile, cert);
    writeFileSync(tls.keyFile, key);
    const { port } = await start({ tls });
    expect(await client(connect(port, '127.0.0.1'), '').ended).toBe('');
    expect(await client(connect(port, '127.0.0.1'), '\x16').ended).toBe('');
  });

  it('serves others while 200 clients hold on, and their prefix has only its share of uploads in work', async () => {
    const { port, url } = await start({ limits: { ...LIMITS, headersTimeoutMs: 60_000, requestTimeoutMs: 60_000 } });
    for (let index = 0; index < 200; index += 1) client(connect(port, '127.0.0.1'), index % 2 === 0 ? POST : '');
    const slow = 'X-Forwarded-For: 203.0.113.9\r\nContent-Length: 2000\r\n\r\nxx';
    const held = Array.from({ length: 3 }, () => client(connect(port, '127.0.0.1'), POST + slow));
    await expect.poll(async () => (await fetch(`${url}/metrics`)).text(), { interval: 250 }).toMatch(/^outcry_uploads_in_work 3$/m);

    const envelope = await seal();
    expect(await post(url, envelope, { 'x-forwarded-for': '203.0.113.77' })).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(await post(url, envelope, { 'x-forwarded-for': '198.51.100.7' })).toMatchObject({ status: 204 });
    held[0]?.socket.destroy();
    await expect.poll(async () => (await post(url, await seal(), { 'x-forwarded-for': '203.0.113.77' })).status).toBe(204);
  });
});

describe.skipIf(NGINX === undefined)('the shipped nginx configuration before a collector', () => {
  it(
    'cuts off every such client, and passes honest uploads on meanwhile',
    async () => {
      const { port: behind, url } = await start();
      const front = (nginx = await startNginx(join(directory, 'nginx'), behind));
      const open = (): Promise<Socket> =>
        new Promise((resolve, reject) => {
          const socket = connectTls({ port: front.port, host: '127.0.0.1', servername: NAME, ca: front.ca }, () => resolve(socket));
          socket.on('error', reject);
        });
      const clients = await Promise.all(
        // nginx bounds the time between two parts of a body, not the whole of it: dripping is its own business, since it buffers.
        SLOW.filter(([, first, drip]) => drip === '' || !first.includes('\r\n\r\n')).map(async ([name, first, drip, answer]) => ({
          name,
          answer,
          ...client(await open(), first, drip),
        })),
      );
      const bare = client(connect(front.port, '127.0.0.1'), '');
      // A body that drips in is held here and never takes a place at the collector.
      client(await open(), `${POST}Content-Length: 2000\r\n\r\n`, 'x');

      const honest = client(await open(), '');
      const envelope = await seal();
      honest.socket.write(`${POST}Connection: close\r\nContent-Length: ${envelope.length}\r\n\r\n`);
      honest.socket.write(envelope);
      expect(await honest.ended).toMatch(/^HTTP\/1\.1 204 /);
      expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^outcry_uploads_in_work 0$/m);
      for (const { name, answer, ended } of clients) expect(await ended, name).toMatch(answer);
      expect(await bare.ended).toBe('');
    },
    LONG_MS,
  );
});
