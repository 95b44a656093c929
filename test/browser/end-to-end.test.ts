/** The whole way: a page in a real Chromium, the consent element, two real collectors, the embedded engine. */
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCollector } from '@outcry/collector';
import { makeRecipientKey } from '@outcry/protocol/open';
import { migrate } from '@outcry/storage';
import { freePort } from '../free-port.js';
import { buildStorage, openStorage } from '../scenario/storage-fixture.js';
import type { OpenStorage } from '../scenario/storage-fixture.js';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';

const room = new URL('../../sdk-browser/', import.meta.url);
const key = makeRecipientKey();
const HOSTS = ['127.0.0.2', '127.0.0.3'] as const;

let engine: OpenStorage;
let browser: Browser;
let page: Page;
let pageUrl: string;
let api: string;
let ports: [number, number];
const running = new Map<number, Awaited<ReturnType<typeof startCollector>>>();
const servers: Server[] = [];
/** Every request of the page. */
let asked: string[] = [];
const complaints: string[] = [];

const originOf = (index: 0 | 1): string => `http://${HOSTS[index]}:${ports[index]}`;
const toCollectors = (): string[] => asked.filter((url) => HOSTS.some((host) => url.includes(host)));

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // The watched host is no address, so that any address that is found was leaked.
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

async function collect(index: 0 | 1): Promise<void> {
  const started = await startCollector({
    name: `c${index + 1}`,
    host: HOSTS[index],
    port: ports[index],
    dataDir: join(engine.dataDir, `c${index + 1}`),
    keys: [key],
    projects: { shop: { hosts: ['localhost'], stage: 'production' } },
    storage: engine.client,
    log: () => undefined,
  });
  running.set(index, started);
}
async function leave(index: 0 | 1): Promise<void> {
  await running.get(index)?.close();
  running.delete(index);
}

beforeAll(async () => {
  await buildStorage();
  [engine, browser] = await Promise.all([openStorage(), startChromium()]);
  await migrate(engine.client, {});
  ports = [await freePort(HOSTS[0]), await freePort(HOSTS[1])];
  pageUrl = await serve((request, response) => {
    const { url = '/' } = request;
    const connect = url === '/strict' ? `${api} ${originOf(1)}` : '*';
    response.setHeader('content-security-policy', `default-src 'none'; script-src 'self'; connect-src ${connect}; img-src data:`);
    const script = /^\/([\w-]+(?:\.iife)?\.js)$/.exec(url)?.[1];
    if (script) {
      response.setHeader('content-type', 'text/javascript');
      void readFile(new URL(`${script.includes('iife') ? 'dist' : 'build/min'}/${script}`, room)).then(
        (code) => response.end(code),
        () => response.writeHead(404).end(),
      );
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(
      '<!doctype html><title>page</title><link rel="icon" href="data:,"><script src="/outcry.iife.js"></script>' +
        '<script type="module" src="/consent.js"></script><outcry-consent></outcry-consent>',
    );
  });
  api = await serve((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    if (request.url === '/torn') request.socket.destroy();
    else response.writeHead(request.url?.startsWith('/broken') ? 503 : 200).end('{}');
  });
});
afterAll(async () => {
  await browser?.close();
  for (const index of [0, 1] as const) await leave(index);
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await engine?.close();
});
beforeEach(() => {
  asked = [];
});

/** A tab with an agent that asks the collectors in the order of their list, and the question on the screen if nobody has answered it. */
async function openPage(path = '/'): Promise<Page> {
  const made = await browser.context.newPage();
  made.on('request', (request) => asked.push(request.url()));
  made.on('pageerror', (error) => complaints.push(String(error)));
  await made.goto(pageUrl + path);
  await made.waitForFunction(() => customElements.get('outcry-consent'));
  await made.evaluate(
    ({ collectors, recipientKey }) => {
      const options = { project: 'shop', release: '1.0', hosts: ['localhost'], collectors, recipientKey, witnesses: [] };
      window.agent = window.outcry.init(options, { liveDelayMs: 0, random: () => 0 });
      Object.assign(document.querySelector('outcry-consent') as object, { agent: window.agent });
    },
    { collectors: [originOf(0), originOf(1)], recipientKey: key.publicKey },
  );
  return made;
}

const ask = (path: string): Promise<string> =>
  page.evaluate(
    (url) =>
      fetch(url).then(
        ({ status }) => String(status),
        (error: Error) => error.name,
      ),
    api + path,
  );

/** Everything that rests on the device for this origin. */
const resting = (): Promise<{ databases: string[]; keys: string[]; text: string; local: string[]; cookie: string }> =>
  page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error as Error);
      });
    const databases = (await indexedDB.databases()).map(({ name }) => name ?? '');
    const keys: string[] = [];
    let text = '';
    for (const name of databases) {
      const database = await done(indexedDB.open(name));
      for (const each of database.objectStoreNames) {
        const store = database.transaction(each).objectStore(each);
        const [names, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll() as IDBRequest<unknown[]>)]);
        keys.push(...names.map(String));
        text += JSON.stringify([names, values], (_, value: unknown) =>
          value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
        );
      }
      database.close();
    }
    return { databases, keys, text, local: Object.keys(localStorage), cookie: document.cookie };
  });

const waiting = (): Promise<number> => page.evaluate(async () => (await window.agent.pending()).envelopes);
const rows = <T = Record<string, unknown>>(query: string): Promise<T[]> => engine.ask<T>(query);

/** Every word in every table, and every byte of the journals. */
async function everythingCollected(): Promise<string> {
  let text = '';
  for (const table of ['reports', 'dev_reports', 'attempts', 'deliveries', 'losses', 'consent_counts'])
    text += JSON.stringify(await rows(`SELECT * FROM ${table}`));
  for (const name of ['c1', 'c2'])
    for (const file of await readdir(join(engine.dataDir, name), { recursive: true, withFileTypes: true }))
      if (file.isFile()) text += await readFile(join(file.parentPath, file.name), 'latin1');
  return text;
}

describe('from a failing request to a row', () => {
  it('asks nobody and stores nothing before the user has answered', async () => {
    page = await openPage();
    await page.waitForSelector('outcry-consent [role=dialog]');
    expect(await ask('/broken')).toBe('503');
    expect(await ask('/torn')).toBe('TypeError');
    await page.waitForTimeout(1_000);
    expect(toCollectors()).toEqual([]);
    expect(await resting()).toEqual({ databases: [], keys: [], text: '', local: [], cookie: '' });
  });

  it('rests only sealed bytes while both collectors are away', async () => {
    await page.click('outcry-consent button[value=granted]');
    await page.waitForFunction(() => window.agent.consent === 'granted');
    expect(await ask('/broken')).toBe('503');
    await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(0);
    const { databases, keys, text, local, cookie } = await resting();
    expect([databases, local, cookie]).toEqual([['outcry'], ['outcry:consent'], '']);
    expect(keys.some((name) => name.startsWith('e:'))).toBe(true);
    // Not the status: three digits are in many a time of the bookkeeping.
    for (const word of ['localhost', 'http.error', 'broken', 'status_code']) expect(text).not.toContain(word);
  });

  it('brings it into ClickHouse under its kind, without an address, once a collector is there', async () => {
    await collect(1);
    await expect
      .poll(() => rows('SELECT kind, type, host, status_code, consent_method, network FROM reports FINAL'), {
        timeout: 30_000,
        interval: 250,
      })
      .toEqual([
        { kind: 'http', type: 'http.error', host: 'localhost', status_code: 503, consent_method: 'element', network: 'unknown/ZZ' },
      ]);
    await collect(0);
    const consents = await rows('SELECT * FROM consent_counts');
    expect(consents).toHaveLength(1);
    const text = await everythingCollected();
    for (const address of ['127.0.0.1', '::1', '7f000001']) expect(text).not.toContain(address);
  });

  it('goes to the other collector when the one that served last is down, and tells it in the next envelope', async () => {
    await page.evaluate(() => window.agent.close());
    await page.close();
    await leave(1);
    await engine.run('TRUNCATE TABLE deliveries');
    page = await openPage();
    expect(await page.evaluate(() => window.agent.consent)).toBe('granted');
    expect(await ask('/broken?other')).toBe('503');
    await expect
      .poll(() => rows('SELECT collector, failed_collectors FROM deliveries'), { timeout: 30_000, interval: 250 })
      .toContainEqual(expect.objectContaining({ failed_collectors: [HOSTS[1]] }));
    expect(await rows('SELECT DISTINCT collector FROM reports FINAL ORDER BY collector')).toEqual([
      { collector: 'c1' },
      { collector: 'c2' },
    ]);
    await collect(1);
  });

  it('does not blame a collector that the policy of the page forbids to ask', async () => {
    await page.evaluate(() => window.agent.close());
    await page.close();
    await engine.run('TRUNCATE TABLE deliveries');
    await engine.run('TRUNCATE TABLE reports');
    page = await openPage('/strict');
    expect(await ask('/broken')).toBe('503');
    await expect.poll(() => rows('SELECT collector FROM reports FINAL'), { timeout: 30_000, interval: 250 }).toEqual([{ collector: 'c2' }]);
    await page.evaluate(() => window.agent.close());
    await running.get(1)?.drained();
    expect((await rows('SELECT failed_collectors FROM deliveries WHERE notEmpty(failed_collectors)')).length).toBe(0);
    await page.close();
    page = await openPage();
  });

  it('sees a synchronous XHR that fails as one failed attempt, and throws what the browser throws', async () => {
    expect(await ask('/fine')).toBe('200');
    const thrown = await page.evaluate((url) => {
      const xhr = new XMLHttpRequest();
      xhr.open('GET', `${url}/torn`, false);
      try {
        xhr.send();
        return '';
      } catch (error) {
        return (error as Error).name;
      }
    }, api);
    expect(thrown).toBe('NetworkError');
    const attempts = (): Promise<unknown> =>
      page.evaluate(() => (window.agent as unknown as { preview(): { next: { attempts: unknown } } }).preview().next.attempts);
    await expect.poll(attempts, { timeout: 20_000 }).toMatchObject([{ made: 2, succeeded: 1, failed: 1 }]);
  });

  it('leaves nothing and falls silent on withdrawal, with a second tab', async () => {
    const other = await openPage();
    await other.waitForTimeout(300);
    const startedMs = Date.now();
    await page.evaluate(() => window.agent.setConsent('denied'));
    // The other tab is waited for no longer than a second, which a busy machine may need.
    expect(Date.now() - startedMs).toBeLessThan(30_000);
    await expect.poll(() => other.evaluate(() => window.agent.consent)).toBe('denied');
    asked = [];
    const { keys, local } = await resting();
    expect([keys, local]).toEqual([['!epoch'], ['outcry:consent']]);
    expect(await ask('/broken')).toBe('503');
    await page.waitForTimeout(1_500);
    expect(toCollectors()).toEqual([]);
    expect((await resting()).keys).toEqual(['!epoch']);
  });

  it('troubles the page with no error on the whole way', () => {
    expect(complaints).toEqual([]);
  });
});
