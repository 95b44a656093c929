/** `@outcry/browser/worker` inside an app's own service worker, in a real Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { APP_EVENTS, makeSync, openApp as openAppIn, syncUntil as syncUntilBy } from './app-worker.js';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';
import { fail, grant, openTab, stored, until, untilAtRest } from './tab.js';

const APP_WORKER = `
  importScripts('/outcry-worker.iife.js');
  outcryWorker.deliverWhenGone({}, { liveDelayMs: 0 });
  ${APP_EVENTS}
  addEventListener('fetch', (event) => {
    if (event.request.url.endsWith('/from-worker')) event.respondWith(new Response('the app itself'));
  });
  addEventListener('message', (event) => event.ports[0]?.postMessage('heard ' + event.data.app));
`;

let servers: Servers;
let browser: Browser;
/** Another origin, to look on from. */
let outside: Page;
let sync: () => Promise<void>;

beforeAll(async () => {
  [servers, browser] = await Promise.all([startServers(), startChromium()]);
  servers.worker = APP_WORKER;
  outside = await browser.context.newPage();
  await outside.goto(`${servers.page.replace('127.0.0.1', 'localhost')}/app`);
  sync = makeSync(browser, servers, outside);
});
afterAll(async () => {
  await browser?.close();
  await servers?.close();
});
afterEach(async () => {
  servers.away = servers.silent = false;
  const page = await openTab(browser.context, servers, { path: '/app' });
  await page.evaluate(() => window.agent.setConsent('denied'));
  await page.evaluate(() => localStorage.clear());
  for (const each of browser.context.pages()) if (each !== outside) await each.close();
  servers.asked.length = servers.bodies.length = servers.uploads.length = 0;
  servers.envelopes.clear();
});

const failures = (): number => servers.bodies.flatMap((body) => [...body.failures]).length;
const uploads = (): number => servers.asked.filter((line) => line.startsWith('POST')).length;

const openApp = (options?: object): Promise<Page> => openAppIn(browser, servers, options);
const syncUntil = (holds: () => boolean): Promise<void> => syncUntilBy(sync, holds);

/** The tags of Background Syncs that are asked for from now on. */
async function listenForSyncs(): Promise<readonly string[]> {
  const tags: string[] = [];
  const session = await browser.context.newCDPSession(outside);
  session.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: { eventName, instanceId } }) => {
    if (eventName === 'Registered sync') tags.push(instanceId);
  });
  await session.send('BackgroundService.setRecording', { shouldRecord: true, service: 'backgroundSync' });
  await session.send('BackgroundService.startObserving', { service: 'backgroundSync' });
  return tags;
}

describe('the service worker', () => {
  it('delivers after the page is gone, when collectors that were all down are back', async () => {
    servers.away = true;
    const page = await openApp();
    await grant(page);
    const asked = await listenForSyncs();
    await fail(page, servers);
    // For what nobody took, while the page is there: about half of what a page asks for when it is closed is lost with it.
    await until(() => asked.includes('outcry:outcry'));
    await untilAtRest(page);
    await page.close();
    const before = uploads();
    // The browser makes a sync when it believes in a network, as it does not always here.
    await syncUntil(() => uploads() > before);
    expect(browser.context.pages().filter((each) => each.url().startsWith(servers.page))).toEqual([]);
    servers.away = false;
    await syncUntil(() => failures() === 1);
    expect(servers.envelopes.size).toBe(servers.bodies.length);
    await sync();
    await until(async () => (await outside.evaluate(() => navigator.locks.query())).held?.length === 0);
  });

  it('leaves it to a page that is there', async () => {
    servers.away = true;
    const page = await openApp();
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    await page.evaluate(() => window.agent.close());
    // Listens as a page with an agent does, and sends nothing that could be taken for the worker's.
    await page.evaluate(() => void navigator.locks.request('outcry:page:other', () => new Promise(() => undefined)));
    servers.away = false;
    await sync();
    await page.waitForTimeout(2_000);
    expect(servers.bodies).toEqual([]);
    await page.close();
    await syncUntil(() => failures() === 1);
  });

  it('delivers when the browser says later that the network is back', async () => {
    servers.away = true;
    const page = await openApp();
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    await browser.context.setOffline(true);
    await page.close();
    servers.away = false;
    await browser.context.setOffline(false);
    await syncUntil(() => failures() === 1);
  });

  it('sends and stores nothing after a withdrawal, also when it is woken then', async () => {
    servers.away = true;
    const page = await openApp();
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    await page.evaluate(() => window.agent.setConsent('denied'));
    const before = servers.asked.length;
    servers.away = false;
    await sync();
    await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.postMessage({ outcry: 'outcry:outcry' }));
    // A later event of the same worker is answered after what the earlier ones did.
    await page.waitForTimeout(1_000);
    expect(servers.asked.length).toBe(before);
    expect((await stored(page)).map(([key]) => key)).toEqual(['!epoch']);
  });

  it('is stopped by a withdrawal in the middle of sending, which waits for its word and for other tabs, and for nothing else', async () => {
    servers.away = true;
    const page = await openApp();
    await grant(page);
    const other = await openApp();
    await fail(page, servers);
    await untilAtRest(page);
    await page.evaluate(() => window.agent.close());
    await page.close();
    await other.evaluate(() => window.agent.close());
    servers.silent = true;
    servers.away = false;
    const before = uploads();
    await syncUntil(() => uploads() > before);
    const [first, second] = [await openApp(), await openApp()];
    expect(await first.evaluate(() => window.agent.consent)).toBe('granted');
    await until(
      async () =>
        ((await first.evaluate(() => navigator.locks.query())).held ?? []).filter(({ name }) => name?.startsWith('outcry:page:')).length >=
        3,
    );
    // Their second never ends: it resolves because all three have answered.
    await first.evaluate(() => window.agent.setConsent('denied'));
    expect(await second.evaluate(() => window.agent.consent)).toBe('denied');
    expect((await stored(first)).map(([key]) => key)).toEqual(['!epoch']);
    servers.silent = false;
    const asked = servers.asked.length;
    await fail(second, servers);
    await sync();
    await second.waitForTimeout(1_000);
    expect(servers.asked.length).toBe(asked);
    expect((await stored(second)).map(([key]) => key)).toEqual(['!epoch']);
  });

  it('leaves the requests and messages of the app alone', async () => {
    const page = await openApp();
    expect(await page.evaluate(async () => (await fetch('/from-worker')).text())).toBe('the app itself');
    expect(
      await page.evaluate(async () => {
        const { port1, port2 } = new MessageChannel();
        const heard = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
        navigator.serviceWorker.controller?.postMessage({ app: 'this' }, [port2]);
        return heard;
      }),
    ).toBe('heard this');
    const [worker] = browser.context.serviceWorkers();
    expect(await worker?.evaluate(() => Object.keys(globalThis).filter((name) => /outcry/i.test(name)))).toEqual(['outcryWorker']);
  });

  it('is told nothing, and knows no collector, where the app does not leave anything to it', async () => {
    servers.away = true;
    const page = await openApp({});
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    expect((await stored(page)).map(([key]) => key)).not.toContain('worker');
    await page.evaluate(() => window.agent.close());
    await page.close();
    servers.away = false;
    const before = servers.asked.length;
    await sync();
    await outside.waitForTimeout(1_000);
    expect(servers.asked.length).toBe(before);
  });
});
