/**
 * Network Error Logging in a real Chromium: consent → policy → a TLS failure → Chromium's own report → collector → row, and nothing
 * more after the withdrawal. Chromium takes policies over https only, so everything here has certificates of an own authority.
 */
import { readFile, readdir } from 'node:fs/promises';
import { createServer, get } from 'node:https';
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCollector } from '@outcry/collector';
import { nelRoute } from '@outcry/node';
import { makeRecipientKey } from '@outcry/protocol/open';
import { migrate } from '@outcry/storage';
import { makeCertificate } from '../../examples/shop/src/certificates.js';
import { buildStorage, openStorage } from '../scenario/storage-fixture.js';
import type { OpenStorage } from '../scenario/storage-fixture.js';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { receipt, untilAtRest } from './tab.js';
import { makeTrustingHome } from './trust.js';
import type { TrustingHome } from './trust.js';

const DAY_MS = 86_400_000;
const NAMES = { page: 'www.shop.test', api: 'api.shop.test', collector: 'c1.elsewhere.test' } as const;
const ADDRESSES = { page: '127.0.0.1', api: '127.0.0.2', collector: '127.0.0.3' } as const;
/** With this flag Chromium sends its reports every tenth of a second, not every minute. */
const OFTEN = '--short-reporting-delay';
/** Twenty times as long. */
const LONG_ENOUGH_MS = 2_000;

const key = makeRecipientKey();
const script = new URL('../../sdk-browser/dist/outcry.iife.js', import.meta.url);
const now = Date.now();
const valid = { notBeforeMs: now - 30 * DAY_MS, notAfterMs: now + 30 * DAY_MS };
const authority = makeCertificate({ name: 'Outcry test authority', authority: true, ...valid });
const leaf = makeCertificate({ name: NAMES.page, names: Object.values(NAMES), issuer: authority, ...valid });
const expired = makeCertificate({ name: NAMES.api, names: [NAMES.api], issuer: authority, ...valid, notAfterMs: now - DAY_MS });
const identity = { cert: leaf.cert, key: leaf.key };

let home: TrustingHome;
let engine: OpenStorage;
let collector: Awaited<ReturnType<typeof startCollector>>;
let browser: Browser;
let page: Page;
let api: Server;
const servers: Server[] = [];
/** Requests that reached the service, as "METHOD path". */
let asked: string[] = [];
const urls = { page: '', api: '', collector: '' };

async function serve(place: 'page' | 'api', listener: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer(identity, listener as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, ADDRESSES[place], resolve));
  urls[place] = `https://${NAMES[place]}:${(server.address() as AddressInfo).port}`;
  return server;
}

const ask = (path: string): Promise<string> =>
  page.evaluate(
    (url) =>
      fetch(url).then(
        ({ status }) => String(status),
        (error: Error) => error.name,
      ),
    urls.api + path,
  );
const policyRequests = (): string[] => asked.filter((line) => line.includes('outcry-nel'));
/** Chromium tries again by itself on a connection that was kept, and reports each try. */
const nelRows = (): Promise<Record<string, unknown>[]> =>
  engine.ask("SELECT DISTINCT type, kind, phase, host, status_code, route, network FROM reports FINAL WHERE source = 'nel' ORDER BY type");
/** How many uploads of NEL the collector has answered, however. */
const uploads = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: ADDRESSES.collector, port: collector.port, path: '/metrics', ca: authority.cert, servername: NAMES.collector };
    get(options, (answer) => {
      void answer.toArray().then((chunks: Buffer[]) => {
        const text = Buffer.concat(chunks).toString();
        resolve([...text.matchAll(/^outcry_nel_uploads_total\{[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0));
      }, reject);
    }).on('error', reject);
  });

/** The same, once none has come for as long as it takes twenty times. */
async function settledUploads(): Promise<number> {
  for (let before = -1; ;) {
    const now = await uploads();
    if (now === before) return now;
    before = now;
    await page.waitForTimeout(LONG_ENOUGH_MS);
  }
}

/** Failures that the agent itself reported, as far as the engine has them. */
const ownRows = async (): Promise<number> => {
  const [row] = await engine.ask("SELECT uniqExact(report_id) AS own FROM reports WHERE source = 'sdk-browser'");
  return Number(row?.['own']);
};

const startOwnCollector = (port: number): ReturnType<typeof startCollector> =>
  startCollector({
    name: 'c1',
    host: ADDRESSES.collector,
    port,
    tls: { certFile: join(engine.dataDir, 'collector.pem'), keyFile: join(engine.dataDir, 'collector.key') },
    dataDir: join(engine.dataDir, 'c1'),
    keys: [key],
    projects: { shop: { hosts: [NAMES.api], stage: 'production', nel: true } },
    storage: engine.client,
    log: () => undefined,
  });

/** A page of the shop whose user has not been asked, or of an app that keeps the consent itself. */
async function openPage(more: object = {}): Promise<Page> {
  const made = await browser.context.newPage();
  await made.goto(urls.page);
  await made.evaluate(
    ({ collectors, recipientKey, host, nel, more }) => {
      const options = { project: 'shop', release: '1.0', hosts: [host], collectors, recipientKey, witnesses: [], nel: [nel], ...more };
      window.agent = window.outcry.init(options, { liveDelayMs: 0 });
    },
    { collectors: [urls.collector], recipientKey: key.publicKey, host: NAMES.api, nel: urls.api, more },
  );
  return made;
}
const decide = (state: string): Promise<void> =>
  page.evaluate(async (decision) => {
    const receipt = { text: 'v1', textHash: 'A'.repeat(43), at: new Date().toISOString(), method: 'dialog' };
    await (window.agent as unknown as { setConsent(state: string, receipt?: object): Promise<void> }).setConsent(
      decision,
      decision === 'granted' ? receipt : undefined,
    );
  }, state);

/** The service, whose connections break where the path says so. */
const makeHealthy =
  (nel: ReturnType<typeof nelRoute>): RequestListener =>
  (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (nel(request, response)) return;
    response.setHeader('access-control-allow-origin', '*');
    if (request.url?.startsWith('/torn')) request.socket.destroy();
    else response.end('{}');
  };
let healthy: RequestListener;

function startBrowser(): Promise<Browser> {
  const rules = Object.entries(NAMES).map(([place, name]) => `MAP ${name} ${ADDRESSES[place as keyof typeof ADDRESSES]}`);
  return startChromium({ flags: [OFTEN, `--host-resolver-rules=${rules.join(',')}`], home: home.path });
}

beforeAll(async () => {
  await buildStorage();
  home = makeTrustingHome(authority.cert);
  engine = await openStorage();
  await migrate(engine.client, {});
  writeFileSync(join(engine.dataDir, 'collector.pem'), leaf.cert);
  writeFileSync(join(engine.dataDir, 'collector.key'), leaf.key);
  collector = await startOwnCollector(0);
  urls.collector = `https://${NAMES.collector}:${collector.port}`;
  await serve('page', (request, response) => {
    if (request.url === '/outcry.iife.js')
      void readFile(script).then((code) => response.setHeader('content-type', 'text/javascript').end(code));
    else
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><title>shop</title><link rel="icon" href="data:,"><script src="/outcry.iife.js"></script>');
  });
  healthy = makeHealthy(nelRoute({ project: 'shop', collectors: [urls.collector] }));
  api = await serve('api', healthy);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await collector?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await engine?.close();
  home?.remove();
});

describe("Chromium's own reports", () => {
  it('are not switched on before consent, and nothing is sent', async () => {
    page = await openPage();
    expect(await ask('/torn')).toBe('TypeError');
    await page.waitForTimeout(LONG_ENOUGH_MS);
    expect(policyRequests()).toEqual([]);
    expect(await uploads()).toBe(0);
  });

  it('are switched on by consent, with one request for the policy', async () => {
    await decide('granted');
    await expect.poll(policyRequests, { timeout: 20_000 }).toEqual(['GET /.well-known/outcry-nel']);
    const policies = () => page.evaluate(() => (window.agent as unknown as { preview(): { nel: string[] } }).preview().nel);
    expect(await policies()).toEqual([urls.api]);
  });

  it('of an expired certificate and of a torn connection become rows with what a page cannot know', async () => {
    const shared = { host: NAMES.api, status_code: 0, route: '', network: 'unknown/ZZ' };
    expect(await ask('/torn?secret=sesame')).toBe('TypeError');
    await expect
      .poll(nelRows, { timeout: 30_000, interval: 250 })
      .toContainEqual({ ...shared, type: 'http.response.invalid.empty', kind: 'http', phase: 'application' });
    api.setSecureContext({ cert: expired.cert, key: expired.key });
    api.closeAllConnections();
    expect(await ask('/cart/of-mallory')).toBe('TypeError');
    await expect
      .poll(nelRows, { timeout: 30_000, interval: 250 })
      .toContainEqual({ ...shared, type: 'tls.cert.date_invalid', kind: 'tls', phase: 'connection' });
    expect(await engine.ask("SELECT uniqExact(signer) AS clients, min(signer != 0) AS numbered FROM reports WHERE source = 'nel'")).toEqual(
      [{ clients: '1', numbered: 1 }],
    );
  });

  it('leave no path, query, address, page or user agent in any byte that the collector or the engine wrote', async () => {
    await collector.drained();
    const text: string[] = [JSON.stringify(await engine.ask("SELECT * FROM reports WHERE source = 'nel'"))];
    for (const file of await readdir(join(engine.dataDir, 'c1'), { recursive: true, withFileTypes: true }))
      if (file.isFile() && !file.name.startsWith('asn-')) text.push(await readFile(join(file.parentPath, file.name), 'latin1'));
    for (const secret of ['sesame', 'mallory', 'torn', 'Mozilla', 'Chrome/', NAMES.page, '127.0.0.1', '127.0.0.2'])
      for (const each of text) expect(each.includes(secret), secret).toBe(false);
  });

  it('end with the withdrawal: the policy is taken back, and the next failure is reported by nobody', async () => {
    api.setSecureContext(identity);
    api.closeAllConnections();
    asked = [];
    await decide('denied');
    await expect.poll(policyRequests, { timeout: 20_000 }).toEqual(['GET /.well-known/outcry-nel?remove']);
    // The last reports of before may still be on their way.
    const before = await settledUploads();
    await collector.drained();
    const rows = await nelRows();
    expect(before).toBeGreaterThan(0);
    expect(await ask('/torn')).toBe('TypeError');
    await page.waitForTimeout(LONG_ENOUGH_MS);
    expect(await uploads()).toBe(before);
    await collector.drained();
    expect(await nelRows()).toEqual(rows);
    expect(policyRequests()).toHaveLength(1);
  });

  it('are not switched on by a policy that names another receiver than the app does', async () => {
    const other = nelRoute({ project: 'shop', collectors: [urls.collector, 'https://nobody.elsewhere.test'] });
    api.removeAllListeners('request');
    api.on('request', (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (other(request, response)) return;
      request.socket.destroy();
    });
    asked = [];
    await decide('granted');
    await expect.poll(policyRequests, { timeout: 20_000 }).toEqual(['GET /.well-known/outcry-nel', 'GET /.well-known/outcry-nel?remove']);
    const before = await settledUploads();
    expect(await ask('/torn')).toBe('TypeError');
    await page.waitForTimeout(LONG_ENOUGH_MS);
    expect(await uploads()).toBe(before);
  });

  it('are lost with a browser that ends before it could send them; the agent has its own delivered by the next one', async () => {
    api.removeAllListeners('request');
    api.on('request', healthy);
    // What a killed browser remembers of an earlier decision is chance: a fresh profile, in an app that keeps the consent itself.
    await browser.close();
    browser = await startBrowser();
    asked = [];
    page = await openPage({ consent: 'granted', receipt });
    await expect.poll(policyRequests, { timeout: 20_000 }).toEqual(['GET /.well-known/outcry-nel']);
    const [before, own] = [await uploads(), await ownRows()];
    expect(await ask('/torn')).toBe('TypeError');
    await expect.poll(uploads, { timeout: 30_000, interval: 250 }).toBeGreaterThan(before);
    await expect.poll(ownRows, { timeout: 30_000, interval: 250 }).toBe(own + 1);

    const { port } = collector;
    await collector.close();
    const diagnosed = page.evaluate(
      () => new Promise<void>((resolve) => window.agent.onEvent(({ kind }) => void (kind === 'diagnosed' && resolve()))),
    );
    expect(await ask('/torn')).toBe('TypeError');
    await diagnosed;
    // Else the repeat would be folded into one record with others that follow, and sealed ten seconds later.
    await page.evaluate(() => window.agent.flush());
    await untilAtRest(page);
    await browser.kill();
    browser = await browser.restart();
    collector = await startOwnCollector(port);
    page = await openPage({ consent: 'granted', receipt });
    const flushed = async (): Promise<number> => {
      await page.evaluate(() => window.agent.flush());
      return ownRows();
    };
    await expect.poll(flushed, { timeout: 60_000, interval: 1_000 }).toBe(own + 2);
    await page.waitForTimeout(LONG_ENOUGH_MS);
    expect(await uploads()).toBe(0);
  });
});
