/** The rest of the world: the page's server, two collectors with their witnesses, and the name server of the service's zone. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { Identity } from './certificates.js';
import { API_NAME, COLLECTOR, COLLECTOR_TWO, NAME_SERVER, PAGE, SERVICE } from './places.js';
import { serveCalls } from './role.js';

/** What the zone's name server does: a DNS response code, or a wait before the right answer. */
export type Zone = { readonly code: number } | { readonly waitMs: number };

let zone: Zone = { code: 0 };

function startPage(identity: Identity, script: string): Promise<void> {
  const server = createServer(identity, ({ url }, response) => {
    if (url === '/outcry.iife.js') {
      response.setHeader('content-type', 'text/javascript');
      response.end(script);
      return;
    }
    // This page may talk to everybody but the service.
    if (url === '/strict') response.setHeader('content-security-policy', 'connect-src https://*.example.net https://*.example.org');
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>app</title><link rel="icon" href="data:,"><script src="/outcry.iife.js"></script>');
  });
  return new Promise((resolve) => server.listen(443, PAGE, resolve));
}

/** Takes every report unread, and is a witness. */
function startCollector(identity: Identity, address: string): Promise<void> {
  const server = createServer(identity, (request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    request.resume().on('end', () => {
      if (request.url !== '/v1/witness') response.writeHead(204).end();
      else response.setHeader('content-type', 'application/json').end(JSON.stringify({ now: Date.now(), asn: 64500, country: 'ZZ' }));
    });
  });
  return new Promise((resolve) => server.listen(443, address, resolve));
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
      startNameServer(),
    ]);
  },
  zone(next: Zone) {
    zone = next;
  },
});
