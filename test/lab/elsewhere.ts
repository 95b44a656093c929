/**
 * The rest of the world: the page's server, two collectors with their witnesses, a collector of Chromium's own reports, and the name
 * server of the service's zone.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Identity } from './certificates.js';
import { API_NAME, COLLECTOR, COLLECTOR_TWO, NAME_SERVER, NEL_COLLECTOR, PAGE, SERVICE } from './places.js';
import { serveCalls } from './role.js';

/** What the zone's name server does: a DNS response code, or a wait before the right answer. */
export type Zone = { readonly code: number } | { readonly waitMs: number };

/** One report of Chromium's own; source: W3C Network Error Logging §7. */
export interface NelReport {
  readonly type: string;
  readonly url: string;
  /** Milliseconds from the failure to the upload. */
  readonly age: number;
  /** Milliseconds since the epoch. */
  readonly failedAtMs: number;
  readonly body: { readonly type: string; readonly phase: string };
}

const nelReports: NelReport[] = [];
let zone: Zone = { code: 0 };

const HTML = '<!doctype html><title>app</title><link rel="icon" href="data:,"><script src="/outcry.iife.js"></script>';
const WORKED = `${HTML}<script>navigator.serviceWorker.register('/worker.js')</script>`;
const WORKER = `addEventListener('fetch', (event) => {
  if (new URL(event.request.url).host === '${API_NAME}') event.respondWith(fetch(event.request));
});
addEventListener('activate', (event) => event.waitUntil(clients.claim()));`;

function startPage(identity: Identity, agent: string): Promise<void> {
  const scripts: Record<string, string> = { '/outcry.iife.js': agent, '/worker.js': WORKER };
  const server = createServer(identity, ({ url = '' }, response) => {
    const script = scripts[url];
    // This page may talk to everybody but the service.
    if (url === '/strict') response.setHeader('content-security-policy', 'connect-src https://*.example.net https://*.example.org');
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? (url === '/worked' ? WORKED : HTML));
  });
  return new Promise((resolve) => server.listen(443, PAGE, resolve));
}

/** Takes every report unread, and is a witness. */
function startCollector(identity: Identity, address: string): Promise<void> {
  const server = createServer(identity, (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    request.resume().on('end', () => {
      if (request.url !== '/v1/witness') response.writeHead(204).end();
      else
        response
          .setHeaders(new Headers({ 'content-type': 'application/json', connection: 'close' }))
          .end(JSON.stringify({ now: Date.now(), asn: 64500, country: 'ZZ' }));
    });
  });
  return new Promise((resolve) => server.listen(443, address, resolve));
}

/** Takes Chromium's own reports. */
function startNelCollector(identity: Identity): Promise<void> {
  const server = createServer(identity, (request, response) => {
    for (const what of ['origin', 'headers', 'methods']) response.setHeader(`access-control-allow-${what}`, '*');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      if (request.method !== 'POST') return;
      const reports = JSON.parse(Buffer.concat(chunks).toString()) as Omit<NelReport, 'failedAtMs'>[];
      nelReports.push(...reports.map((report) => ({ ...report, failedAtMs: Date.now() - report.age })));
    });
  });
  return new Promise((resolve) => server.listen(443, NEL_COLLECTOR, resolve));
}

/** Answers any question about the service's name; source: RFC 1035 §4.1. */
function startNameServer(): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (question, { address, port }) => {
    const type = question.readUInt16BE(12 + API_NAME.length + 2);
    const code = 'code' in zone ? zone.code : 0;
    const hasAnswer = code === 0 && type === 1;
    const head = Buffer.alloc(12);
    question.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580 | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(hasAnswer ? 1 : 0, 6);
    const asked = question.subarray(12, 12 + API_NAME.length + 2 + 4);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...SERVICE.split('.').map(Number)]);
    const answer = Buffer.concat([head, asked, ...(hasAnswer ? [record] : [])]);
    setTimeout(() => socket.send(answer, port, address), 'waitMs' in zone ? zone.waitMs : 0);
  });
  return new Promise((resolve) => socket.bind(53, NAME_SERVER, resolve));
}

serveCalls({
  async start({ identity, script }: { identity: Identity; script: string }) {
    const code = readFileSync(script, 'utf8');
    await Promise.all([
      startPage(identity, code),
      startCollector(identity, COLLECTOR),
      startCollector(identity, COLLECTOR_TWO),
      startNelCollector(identity),
      startNameServer(),
    ]);
  },
  zone(next: Zone) {
    zone = next;
  },
  nelReports: () => nelReports,
});
