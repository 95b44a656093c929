/** What agents and browsers ask of a collector, asked through the shipped nginx configuration. */
import { request } from 'node:https';
import { join } from 'node:path';
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { report } from '../unit/collector/nel-report.js';
import { HOST, options, removeDirectory, seal, startCollector, storageOf, temporaryDirectory } from '../unit/collector/sealed.js';
import { NAME, NGINX, startNginx, type Nginx } from './nginx.js';

type Collector = Awaited<ReturnType<typeof startCollector>>;
let directory: string;
let collector: Collector | undefined;
let nginx: Nginx | undefined;
let tables: string[] = [];

beforeEach(async () => {
  directory = await temporaryDirectory();
  tables = [];
  const projects = { shop: { hosts: [HOST], stage: 'production', nel: true } } as const;
  const storage = storageOf(({ table }) => Promise.resolve(void tables.push(table)));
  collector = await startCollector(options(directory, { trustProxy: ['127.0.0.1'], projects, storage }));
});
afterEach(async () => {
  await nginx?.stop();
  await collector?.close();
  nginx = undefined;
  collector = undefined;
  await removeDirectory(directory);
});

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

const ask = (method: string, path: string, bytes: Buffer = Buffer.of(), headers: Record<string, string> = {}): Promise<Told> =>
  new Promise((resolve, reject) => {
    const where = { host: '127.0.0.1', port: nginx?.port ?? 0, servername: NAME, ca: nginx?.ca ?? '', method, path };
    const outgoing = request({ ...where, headers: { host: NAME, 'content-length': bytes.length, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, code: /"code":"(\w+)"/.exec(text)?.[1], headers: answer.headers }));
    });
    outgoing.on('error', reject);
    outgoing.end(bytes);
  });

describe.skipIf(NGINX === undefined)('through the shipped nginx configuration', () => {
  it("browsers' own reports are asked for, taken and bounded by the collector", async () => {
    nginx = await startNginx(join(directory, 'nginx'), collector?.port ?? 0);
    const preflight = await ask('OPTIONS', '/v1/nel/shop', Buffer.of(), {
      origin: 'https://www.shop.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
    expect(preflight.headers['access-control-allow-headers']).toBe('Content-Type');

    const json = { 'content-type': 'application/reports+json' };
    expect((await ask('POST', '/v1/nel/shop', Buffer.from(JSON.stringify([report()])), json)).status).toBe(204);
    await collector?.drained();
    expect(tables).toEqual(['reports']);
    // Longer than an envelope may be, and as long as reports may.
    expect((await ask('POST', '/v1/nel/shop', Buffer.alloc(256 * 1024, 'x'), json)).code).toBe('nel_bad_reports');
    expect((await ask('POST', '/v1/nel/shop', Buffer.alloc(256 * 1024 + 1, 'x'), json)).status).toBe(413);
    expect((await ask('POST', '/v1/nel/elsewhere', Buffer.from('[]'), json)).code).toBe('nel_off');
  });

  it('agents reach uploads, witness and configuration; what is for the inside is not there', async () => {
    nginx = await startNginx(join(directory, 'nginx'), collector?.port ?? 0);
    expect((await ask('OPTIONS', '/v1/reports')).status).toBe(204);
    expect((await ask('POST', '/v1/reports', await seal())).status).toBe(204);
    expect((await ask('GET', '/v1/witness')).status).toBe(200);
    expect((await ask('GET', '/v1/config/shop')).code).toBe('not_found');
    expect((await ask('GET', '/healthz')).status).toBe(200);
    for (const path of ['/metrics', '/readyz', '/v1/nel/', '/v1/nel/shop/x']) {
      const { status, code } = await ask('GET', path);
      expect([path, status, code]).toEqual([path, 404, undefined]);
    }
  });
});
