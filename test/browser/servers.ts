/** Real servers on loopback: the page, an API with faults, and a collector that opens what it gets. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { ReportBody } from '@outcry/protocol';
import { decodeBody, loadRecipientKeys, makeRecipientKey, openEnvelope, verifyEnvelope } from '@outcry/protocol/open';
import { freePort } from '../free-port.js';

async function listen(server: Server, address = '127.0.0.1'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return `http://${address}:${(server.address() as AddressInfo).port}`;
}

const room = new URL('../../sdk-browser/', import.meta.url);
const POLICY = "default-src 'none'; script-src 'self'; connect-src *; img-src data:; require-trusted-types-for 'script'";

export interface Servers {
  readonly page: string;
  readonly api: string;
  /** Answers, and permits no page to read it. */
  readonly noCors: string;
  readonly collector: string;
  readonly recipientKey: string;
  readonly closedPort: string;
  readonly mute: string;
  /** Requests that reached the collector, as "METHOD path". */
  readonly asked: string[];
  readonly bodies: ReportBody[];
  /** The dedup keys of the envelopes that arrived, in hexadecimal: the same envelope may arrive twice. */
  readonly envelopes: Set<string>;
  /** Headers of the uploads. */
  readonly uploads: IncomingMessage['headers'][];
  away: boolean;
  /** Uploads are read and not answered, until they are given up. */
  silent: boolean;
  /** What `/sw.js` is. */
  worker: string;
  close(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const key = makeRecipientKey();
  const keys = loadRecipientKeys([key]);
  const asked: string[] = [];
  const bodies: ReportBody[] = [];
  const uploads: IncomingMessage['headers'][] = [];
  const envelopes = new Set<string>();
  const open: Server[] = [];

  async function http(listener: (request: IncomingMessage, response: ServerResponse) => unknown, address?: string): Promise<string> {
    const server = createHttp(listener as RequestListener);
    open.push(server);
    return listen(server, address);
  }

  const page = await http(async ({ url = '/' }, response) => {
    const file = url.slice(1);
    // Every policy violation of the SDK itself would show on the page's console.
    if (!/^\/(app|sw\.js)/.test(url)) response.setHeader('content-security-policy', POLICY);
    if (url === '/sw.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(servers.worker);
    } else if (/^(min\/)?[\w-]+(\.iife)?\.js$/.test(file)) {
      response.setHeader('content-type', 'text/javascript');
      response.end(await readFile(new URL(file.startsWith('min/') ? `build/${file}` : `dist/${file}`, room)).catch(() => ''));
    } else {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>page</title><link rel="icon" href="data:,"><script src="/outcry.iife.js"></script>');
    }
  });
  const api = await http(({ url }, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.statusCode = url === '/broken' ? 503 : 200;
    // Headers and a part of the body, then nothing more.
    if (url === '/short') return response.writeHead(200, { 'content-length': '1000' }).write('{', () => response.destroy());
    response.end('{}');
  });
  const noCors = await http((_request, response) => response.end('{}'));
  const muted = new Set<Socket>();
  const mute = createTcp((socket) => void muted.add(socket.on('error', () => undefined)));
  open.push(mute);
  const closedPort = `http://127.0.0.1:${await freePort()}`;

  const servers: Servers = {
    page,
    api,
    noCors,
    mute: await listen(mute),
    closedPort,
    recipientKey: key.publicKey,
    asked,
    bodies,
    uploads,
    envelopes,
    away: false,
    silent: false,
    worker: '',
    collector: await http(async (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (servers.away) return request.socket.destroy();
      response.setHeader('access-control-allow-origin', '*');
      if (request.url === '/v1/witness') {
        response.setHeader('content-type', 'application/json');
        return response.end(JSON.stringify({ now: Date.now(), asn: 3320, country: 'DE' }));
      }
      const bytes = Buffer.concat(await request.toArray());
      if (!(await verifyEnvelope(bytes))) return response.writeHead(400).end();
      if (servers.silent) return;
      envelopes.add(createHash('sha256').update(bytes.subarray(0, 88)).digest('hex').slice(0, 32));
      bodies.push(decodeBody(openEnvelope(bytes, keys)).body);
      uploads.push(request.headers);
      response.writeHead(204).end();
      // Another address than the watched one, so that a test can look for either.
    }, '127.0.0.2'),
    async close() {
      for (const socket of muted) socket.destroy();
      await Promise.all(
        open.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => resolve());
              (server as { closeAllConnections?: () => void }).closeAllConnections?.();
            }),
        ),
      );
    },
  };
  return servers;
}
