/** The built script in a real Chromium against real servers and real faults. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '@outcry/protocol';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';

/** Names that no browser ever reached. */
const NOWHERE = ['nowhere.invalid', 'never.invalid', 'nobody.invalid'];

/** The same server under another name: of one name only one round of questions is asked in a minute, and which failure it serves is chance. */
const otherName = (url: string): string => url.replace('127.0.0.1', 'localhost');

let servers: Servers;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [servers, browser] = await Promise.all([startServers(), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await servers?.close();
});
beforeEach(async () => {
  complaints = [];
  page = await openPage();
});
afterEach(async () => {
  await page.evaluate(() => window.agent?.setConsent('denied'));
  await page.evaluate(() => {
    localStorage.clear();
    indexedDB.deleteDatabase('outcry');
  });
  for (const each of browser.context.pages().slice(1)) await each.close();
  servers.away = false;
  servers.asked.length = servers.bodies.length = servers.uploads.length = 0;
});

/** A tab with an agent that has not been asked to do anything. */
async function openPage(): Promise<Page> {
  const made = await browser.context.newPage();
  made.on('console', (message) => {
    if (/Content Security Policy|outcry|Trusted/.test(message.text())) complaints.push(message.text());
  });
  made.on('pageerror', (error) => complaints.push(String(error)));
  await made.goto(servers.page);
  await made.evaluate(
    ({ collector, recipientKey, hosts }) => {
      window.agent = window.outcry.init(
        { project: 'shop', release: '1.0', hosts, collectors: [collector], recipientKey },
        { liveDelayMs: 0 },
      );
    },
    { collector: servers.collector, recipientKey: servers.recipientKey, hosts: ['127.0.0.1', 'localhost', ...NOWHERE] },
  );
  return made;
}

const grant = (on: Page = page): Promise<void> =>
  on.evaluate(() =>
    window.agent.setConsent('granted', { text: 'v3', textHash: 'A'.repeat(43), at: new Date().toISOString(), method: 'dialog' }),
  );

/** What the page itself sees of the request. */
const ask = (url: string, timeoutMs?: number): Promise<string> =>
  page.evaluate(
    ([address, limit]) =>
      fetch(address as string, limit ? { signal: AbortSignal.timeout(limit as number) } : {}).then(
        ({ status }) => String(status),
        (error: Error) => error.name,
      ),
    [url, timeoutMs] as const,
  );

async function until(holds: () => unknown, timeoutMs = 30_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const failures = (): Failure[] => servers.bodies.flatMap((body) => [...body.failures]);

/** Every value in every database, with bytes as text, and all of localStorage. */
const stored = (on: Page = page): Promise<{ databases: string[]; keys: string[]; text: string; localStorage: string[] }> =>
  on.evaluate(async () => {
    const databases = (await indexedDB.databases()).map(({ name }) => name ?? '');
    const keys: string[] = [];
    let text = '';
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error as Error);
      });
    for (const name of databases) {
      const db = await done(indexedDB.open(name));
      for (const storeName of db.objectStoreNames) {
        const store = db.transaction(storeName).objectStore(storeName);
        const [names, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll() as IDBRequest<unknown[]>)]);
        keys.push(...names.map(String));
        text += JSON.stringify([names, values], (_, value: unknown) =>
          value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value,
        );
      }
      db.close();
    }
    return { databases, keys, text, localStorage: Object.keys(localStorage) };
  });

describe('before consent', () => {
  it('asks no collector and stores no byte, whatever fails', async () => {
    expect(await ask(`${servers.closedPort}/x`)).toBe('TypeError');
    await page.waitForTimeout(1_000);
    expect(servers.asked).toEqual([]);
    expect(await stored()).toEqual({ databases: [], keys: [], text: '', localStorage: [] });
    expect(await page.evaluate(() => /native code/.test(Function.prototype.toString.call(fetch)))).toBe(true);
  });

  it('makes no database for a refusal', async () => {
    await page.evaluate(() => window.agent.setConsent('denied'));
    expect(await stored()).toEqual({ databases: [], keys: [], text: '', localStorage: ['outcry:consent'] });
    expect(servers.asked).toEqual([]);
  });
});

describe('after consent', () => {
  it('tells real faults apart as far as a page can, and delivers them sealed', async () => {
    await grant();
    // What never worked in this browser could be forbidden by an extension.
    expect(await ask(`${servers.api}/`)).toBe('200');
    expect(await ask(`${servers.closedPort}/x`)).toBe('TypeError');
    expect(await ask(`${otherName(servers.noCors)}/x`)).toBe('TypeError');
    expect(await ask(`${servers.api}/broken`)).toBe('503');
    for (const host of NOWHERE) expect(await ask(`https://${host}/`)).toBe('TypeError');
    expect(await ask(`${servers.mute}/x`, 700)).toBe('TimeoutError');
    const kinds = (): string[] => [...new Set(failures().map(({ host, kind }) => `${host} ${kind}`))].sort();
    const ofNowhere = (): string[] => kinds().filter((each) => each.includes('.invalid '));
    const ofService = (): string[] => kinds().filter((each) => !ofNowhere().includes(each));
    const wanted = ['127.0.0.1 http', '127.0.0.1 timeout', '127.0.0.1 unknown', 'localhost cors'];
    await until(() => kinds().length >= wanted.length + NOWHERE.length).catch(() => undefined);
    expect(ofService()).toEqual(wanted);
    // Only what fails within 30 ms can be the browser's own doing: a busy machine may take longer over one of them.
    expect(ofNowhere()).toHaveLength(NOWHERE.length);
    expect(ofNowhere().some((each) => each.endsWith(' blocked'))).toBe(true);
    for (const each of ofNowhere()) expect(each).toMatch(/ (blocked|dns|unknown)$/);
    expect(failures().find(({ kind }) => kind === 'http')).toMatchObject({ type: 'http.error', status_code: 503, phase: 'application' });
    expect(servers.bodies[0]?.context).toMatchObject({ runtime: 'chrome', os: 'linux', source: 'sdk-browser' });
    // No preflight, no cookie, no type.
    expect(servers.asked.filter((line) => line.startsWith('OPTIONS'))).toEqual([]);
    for (const headers of servers.uploads)
      expect(Object.keys(headers)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(cookie|referer|content-type)$/)]));
    expect(complaints).toEqual([]);
  });

  it('tells of a body that breaks off, a WebSocket and an event source that come to nothing', async () => {
    await page.evaluate(() => Object.assign(window, { nativeSocket: WebSocket }));
    await grant();
    // These are watched once the part that diagnoses is there.
    await until(() => page.evaluate(() => (window as unknown as { nativeSocket: unknown }).nativeSocket !== WebSocket));
    // An origin that was never read might not permit it.
    expect(await ask(`${otherName(servers.api)}/`)).toBe('200');
    const seen = await page.evaluate(
      async ({ api, closedPort, stream }) => {
        const body = await fetch(`${api}/short`)
          .then((response) => response.text())
          .catch((error: Error) => error.name);
        const failed = (target: EventTarget): Promise<string> =>
          new Promise((resolve) => target.addEventListener('error', ({ type }) => resolve(type)));
        const socket = await failed(new WebSocket(`${closedPort.replace('http', 'ws')}/socket`));
        const source = await failed(new EventSource(stream));
        return { body, socket, source };
      },
      { api: servers.api, closedPort: servers.closedPort, stream: `${otherName(servers.api)}/broken` },
    );
    expect(seen).toEqual({ body: 'TypeError', socket: 'error', source: 'error' });
    const told = (): string[] => failures().map(({ resource, type, kind }) => `${resource} ${type} ${kind}`);
    await until(() => told().length >= 3).catch(() => undefined);
    expect(told().sort()).toEqual(['eventsource http.failed http', 'fetch http.response.invalid http', 'websocket unknown unknown']);
    expect(failures().find(({ resource }) => resource === 'websocket')).toMatchObject({ scheme: 'ws', status_code: 0 });
  });

  it('rests only sealed bytes while the collector is away, delivers them when it is back, and leaves nothing after a withdrawal', async () => {
    servers.away = true;
    await grant();
    expect(await ask(`${servers.closedPort}/x`)).toBe('TypeError');
    await until(() => page.evaluate(async () => (await window.agent.pending()).envelopes > 0));
    const { databases, keys, text } = await stored();
    expect(databases).toEqual(['outcry']);
    expect(keys.length).toBeGreaterThan(1);
    for (const word of ['127.0.0.1', 'unknown', 'client.', 'offline', 'fetch']) expect(text).not.toContain(word);
    expect(servers.bodies).toEqual([]);

    // A tab that ends in the middle of a try keeps its lease for a minute; this one closes in order.
    await page.evaluate(() => window.agent.close());
    await page.close();
    servers.away = false;
    page = await openPage();
    expect(await page.evaluate(() => window.agent.consent)).toBe('granted');
    await until(() => failures().length > 0);

    const other = await openPage();
    servers.away = true;
    await ask(`${servers.closedPort}/y`);
    await until(() => page.evaluate(async () => (await window.agent.pending()).envelopes > 0));
    await page.evaluate(() => window.agent.setConsent('denied'));
    servers.asked.length = 0;
    expect((await stored()).keys).toEqual(['!epoch']);
    // It is waited for no longer than a second, which a busy machine may need.
    await until(() => other.evaluate(() => window.agent.consent === 'denied'));
    await ask(`${servers.closedPort}/z`);
    await page.waitForTimeout(1_500);
    expect(servers.asked).toEqual([]);
    expect((await stored()).keys).toEqual(['!epoch']);
    expect(await page.evaluate(() => window.agent.sent())).toEqual([]);
  });

  it('has one sender among many tabs', async () => {
    servers.away = true;
    await grant();
    await ask(`${servers.api}/broken`);
    await until(() => page.evaluate(async () => (await window.agent.pending()).envelopes > 0));
    await page.evaluate(() => window.agent.close());
    await page.close();
    servers.away = false;
    const tabs = await Promise.all([openPage(), openPage(), openPage()]);
    await Promise.all(tabs.map((tab) => tab.evaluate(() => window.agent.flush())));
    page = tabs[0] as Page;
    await until(() => page.evaluate(async () => (await window.agent.pending()).envelopes === 0));
    expect(failures()).toHaveLength(1);
  });
});
