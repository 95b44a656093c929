/** Real faults on loopback: servers that answer, do not answer, hang up or show a wrong certificate. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../free-port.js';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Made by the openssl command: a self-signed leaf, or one that an own authority signed. */
export function makeCertificates(): { selfSigned: Certificate; expired: Certificate; otherName: Certificate; ca: string } {
  const dir = mkdtempSync(join(tmpdir(), 'outcry-test-'));
  const at = (name: string): string => join(dir, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  try {
    openssl('req', '-x509', ...ec, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '30', '-subj', '/CN=test authority');
    openssl(
      'req',
      '-x509',
      ...ec,
      '-keyout',
      at('self.key'),
      '-out',
      at('self.pem'),
      '-days',
      '30',
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    );
    const signed = (name: string, host: string, dates: string[]): Certificate => {
      openssl(
        'req',
        '-new',
        ...ec,
        '-keyout',
        at(`${name}.key`),
        '-out',
        at(`${name}.csr`),
        '-subj',
        `/CN=${host}`,
        '-addext',
        `subjectAltName=DNS:${host}`,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        at(`${name}.csr`),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-out',
        at(`${name}.pem`),
        '-copy_extensions',
        'copy',
        ...dates,
      );
      return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
    };
    return {
      selfSigned: { key: read('self.key'), cert: read('self.pem') },
      expired: signed('expired', 'localhost', ['-days', '-1']),
      otherName: signed('other', 'other.example', ['-days', '30']),
      ca: read('ca.pem'),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const open: Server[] = [];
const sockets = new Set<Socket>();

async function listen(server: Server, host: string): Promise<number> {
  open.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

/** A server whose every connection is handled by `handle`, once the first bytes came. */
export function afterRequest(handle: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  return listen(
    createServer((socket) => void socket.once('data', () => handle(socket))),
    host,
  );
}

export function onConnect(handle: (socket: Socket) => void, host = '127.0.0.1'): Promise<number> {
  return listen(createServer(handle), host);
}

export function tls(certificate: Certificate, more: object = {}): Promise<number> {
  return listen(
    createTlsServer({ ...certificate, ...more }, (socket) => socket.on('error', () => undefined).end('HTTP/1.1 204 No Content\r\n\r\n')).on(
      'tlsClientError',
      () => undefined,
    ),
    '127.0.0.1',
  );
}

/** A port that nothing listens on. */
export const closedPort = freePort;

export async function closeAll(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all(open.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
}
