import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect } from 'node:tls';
import { listen, type RunningServer } from '../../../collector/src/http/server.js';
import { makeCertificate } from '../../../examples/shop/src/certificates.js';
import { removeDirectory, temporaryDirectory } from './sealed.js';

const NOW = Date.now();
let directory: string;
let server: RunningServer | undefined;
const files = (): { certFile: string; keyFile: string } => ({ certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') });

/** Writes a pair as renewing tools do: aside, then renamed. */
function write(name: string): void {
  const { cert, key } = makeCertificate({ name, names: ['127.0.0.1'], notBeforeMs: NOW - 1e6, notAfterMs: NOW + 1e9 });
  for (const [file, content] of [
    [files().certFile, cert],
    [files().keyFile, key],
  ] as const) {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  }
}

/** The name in the certificate that a new connection is shown. */
const shownName = (port: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });

const start = async (tls: { certFile: string; keyFile: string }): Promise<RunningServer> =>
  (server = await listen((_request, response) => void response.end('ok'), {
    host: '127.0.0.1',
    port: 0,
    tls,
    headersTimeoutMs: 15_000,
    requestTimeoutMs: 15_000,
    maxConnections: 100,
    maxConnectionsPerPrefix: 100,
    prefixOf: () => undefined,
    log: () => undefined,
    tlsCheckMs: 20,
  }));

beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(async () => {
  await server?.close(100);
  server = undefined;
  await removeDirectory(directory);
});

describe('a server with TLS', () => {
  it('serves the certificate that was renewed, without a restart', async () => {
    write('first');
    const { port, url } = await start(files());
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(await shownName(port)).toBe('first');
    write('second');
    await expect.poll(() => shownName(port)).toBe('second');
  });

  it('keeps the old one while the files make no pair', async () => {
    write('first');
    const { port } = await start(files());
    writeFileSync(files().keyFile, 'half-written');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await shownName(port)).toBe('first');
    write('second');
    await expect.poll(() => shownName(port)).toBe('second');
  });

  it('does not start without its files', async () => {
    await expect(start(files())).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
  });
});

describe('connections', () => {
  it('of one prefix beyond its share are ended unread; others and trusted proxies are not counted with them', async () => {
    let prefix: string | undefined = 'a';
    server = await listen((_request, response) => void response.end('ok'), {
      host: '127.0.0.1',
      port: 0,
      headersTimeoutMs: 60_000,
      requestTimeoutMs: 60_000,
      maxConnections: 100,
      maxConnectionsPerPrefix: 2,
      prefixOf: () => prefix,
      log: () => undefined,
    });
    const { port } = server;
    const open = async (): Promise<{ socket: Socket; served: boolean }> => {
      const socket = connectPlain(port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const served = await new Promise<boolean>((resolve) => {
        socket.once('data', () => resolve(true));
        socket.once('close', () => resolve(false));
      });
      return { socket, served };
    };
    const first = await open();
    const sockets = [first, await open(), await open()];
    expect(sockets.map(({ served }) => served)).toEqual([true, true, false]);
    prefix = 'b';
    sockets.push(await open());
    prefix = undefined;
    for (let index = 0; index < 5; index += 1) sockets.push(await open());
    expect(sockets.slice(3).every(({ served }) => served)).toBe(true);
    prefix = 'a';
    first.socket.destroy();
    await expect.poll(async () => (await open()).served).toBe(true);
    for (const { socket } of sockets) socket.destroy();
  });
});
