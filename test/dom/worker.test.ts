/** The worker's part, in a page that stands in for a service worker: the same storage, locks and events. */
import { http, HttpResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AgentConfig } from '@outcry/protocol';
import type { Platform } from '@outcry/core';
import { openStore } from '../../sdk-browser/src/store.js';
import { deliverWhenGone } from '../../sdk-browser/src/worker.js';
import { deliverWaiting } from '../../sdk-browser/src/worker-round.js';
import type { WorkerScope } from '../../sdk-browser/src/worker-round.js';
import { CONFIG_KEY, configAt, OTHER_KEY, signed } from '../unit/sdk-core/sign.js';
import { API, COLLECTOR, collected, openTab, RECEIPT, server, until, usePage } from './page.js';

usePage();

/** Names of web locks that somebody of the origin holds. */
const locks = new Set<string>();
beforeEach(() => {
  locks.clear();
  Object.defineProperty(navigator, 'locks', {
    configurable: true,
    value: {
      query: () => Promise.resolve({ held: [...locks].map((name) => ({ name })) }),
      async request(name: string, ...rest: unknown[]) {
        locks.add(name);
        try {
          return await (rest.at(-1) as (lock: unknown) => unknown)({ name });
        } finally {
          locks.delete(name);
        }
      },
    },
  });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, 'locks');
});

const scope = globalThis as unknown as WorkerScope;
const uploads = (): number => collected.requests.filter(({ method }) => method === 'POST').length;

/** A page that could deliver nothing is gone; what it has sealed waits. */
async function leaveWaiting(more: object = {}): Promise<void> {
  collected.status = 503;
  const tab = openTab({ worker: true, ...more }, { liveDelayMs: 60_000 });
  await tab.setConsent('granted', RECEIPT);
  tab.report({ host: 'api.shop.example' });
  await tab.flush();
  await tab.close();
  await until(() => ![...locks].some((name) => name.startsWith('outcry:page:')));
  expect((await waiting()).length).toBeGreaterThan(0);
  collected.status = 204;
  collected.requests.length = 0;
}

const waiting = async (): Promise<unknown[]> => (await openStore('outcry', indexedDB)).entries('e:');

describe('a worker, of an app with signed configuration,', () => {
  const configKey = CONFIG_KEY.publicKey;

  /** The page's store as it is after a configuration was taken. */
  async function take(document: string): Promise<void> {
    const store = await openStore('outcry', indexedDB);
    await store.write(await store.epoch(), [['config', { key: configKey, version: 1, document, askedAtMs: Date.now() }]]);
  }
  const paused = (more: Partial<AgentConfig> = {}): AgentConfig => configAt(Date.now(), 1, { paused: true, ...more });
  /** Gives up soon: a go that gets nothing through lasts half a minute. */
  const impatient = (): Partial<Platform> => {
    let nowMs = Date.now();
    return { liveDelayMs: 0, now: () => (nowMs += 3_000) };
  };

  beforeEach(() => {
    server.use(http.get(`${COLLECTOR}/v1/config/shop`, () => new HttpResponse(null, { status: 404 })));
  });

  it('sends nothing while it is paused, and says that something waits', async () => {
    await leaveWaiting({ configKey });
    await take(signed(paused()));
    expect(await deliverWaiting(scope, 'outcry', impatient())).toBe(false);
    expect(uploads()).toBe(0);
  });

  it('leaves out the collectors that the configuration leaves out', async () => {
    const other = 'https://c2.example.org';
    let others = 0;
    server.use(
      http.get(`${other}/v1/config/shop`, () => new HttpResponse(null, { status: 404 })),
      http.post(`${other}/v1/reports`, () => {
        others++;
        return new HttpResponse(null, { status: 503 });
      }),
    );
    await leaveWaiting({ configKey, collectors: [other, COLLECTOR], witnesses: [] });
    await take(signed(configAt(Date.now(), 1, { collectors: [COLLECTOR] })));
    others = 0;
    expect(await deliverWaiting(scope, 'outcry', { liveDelayMs: 0 })).toBe(true);
    expect(uploads()).toBeGreaterThan(0);
    expect(others).toBe(0);
    expect(await waiting()).toEqual([]);
  });

  it('sends nothing, and leaves it to the next page, where it cannot verify what was taken', async () => {
    await leaveWaiting({ configKey });
    await take(signed(paused()));
    const { digest } = crypto.subtle;
    // As in a browser without Ed25519: a worker can load no other.
    const subtle = { digest: digest.bind(crypto.subtle), importKey: () => Promise.reject(new DOMException('', 'NotSupportedError')) };
    expect(await deliverWaiting(scope, 'outcry', { liveDelayMs: 0, subtle: subtle as unknown as SubtleCrypto })).toBe(true);
    await take(signed(paused(), OTHER_KEY));
    expect(await deliverWaiting(scope, 'outcry', { liveDelayMs: 0 })).toBe(true);
    expect(collected.requests).toEqual([]);
    expect((await waiting()).length).toBeGreaterThan(0);
  });

  it('delivers as any where none was taken yet', async () => {
    await leaveWaiting({ configKey });
    expect(await deliverWaiting(scope, 'outcry', { liveDelayMs: 0 })).toBe(true);
    expect(uploads()).toBeGreaterThan(0);
  });
});

describe('a Background Sync', () => {
  let stops: (() => void)[] = [];
  afterEach(() => {
    for (const stop of stops) stop();
    stops = [];
  });

  /** Starts the worker, whose listeners end with the test. */
  function start(platform: Partial<Platform> = { liveDelayMs: 0 }): void {
    const { addEventListener } = globalThis;
    globalThis.addEventListener = ((type: string, run: (event: Event) => void) => {
      addEventListener.call(globalThis, type, run);
      stops.push(() => globalThis.removeEventListener(type, run));
    }) as typeof addEventListener;
    deliverWhenGone({}, platform);
    globalThis.addEventListener = addEventListener;
  }

  /** Whether the browser is asked to come again. */
  async function sync(): Promise<boolean> {
    const works: Promise<unknown>[] = [];
    globalThis.dispatchEvent(
      Object.assign(new Event('sync'), { tag: 'outcry:outcry', waitUntil: (work: Promise<unknown>) => works.push(work) }),
    );
    return Promise.all(works).then(
      () => false,
      () => true,
    );
  }

  it('is done where nothing waits, though a page is there, and makes no database', async () => {
    locks.add('outcry:page:1');
    start();
    expect(await sync()).toBe(false);
    expect(await indexedDB.databases()).toEqual([]);
    const tab = openTab({ worker: true });
    await tab.setConsent('granted', RECEIPT);
    await fetch(`${API}/ok`);
    await until(async () => (await (await openStore('outcry', indexedDB)).get('worker')) !== undefined);
    expect(await sync()).toBe(false);
    expect(uploads()).toBe(0);
  });

  it('is left to a page that is there while something waits, and comes again', async () => {
    await leaveWaiting();
    locks.add('outcry:page:1');
    start();
    expect(await sync()).toBe(true);
    expect(uploads()).toBe(0);
    locks.clear();
    expect(await sync()).toBe(false);
    expect(await waiting()).toEqual([]);
  });

  it('joins the go that is under way, which is no page', async () => {
    await leaveWaiting();
    let answer = (): void => undefined;
    server.use(
      http.post(`${COLLECTOR}/v1/reports`, async ({ request }) => {
        collected.requests.push(request.clone());
        await new Promise<void>((resolve) => (answer = resolve));
        return new HttpResponse(null, { status: 204 });
      }),
    );
    start();
    const first = sync();
    await until(() => uploads() === 1);
    expect([...locks].some((name) => name.startsWith('outcry:page:'))).toBe(true);
    const second = sync();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answering = setInterval(() => answer(), 20);
    expect(await Promise.all([first, second])).toEqual([false, false]);
    clearInterval(answering);
    expect(await waiting()).toEqual([]);
    expect([...locks]).toEqual([]);
  });
});
