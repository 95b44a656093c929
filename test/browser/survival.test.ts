/** The queue outlives what ends a page or a browser, in a real Chromium with a kept profile. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';
import { fail, grant, openTab, receipt, startAgent, stored, until, untilAtRest, waiting } from './tab.js';

let servers: Servers;
let browser: Browser;

beforeAll(async () => {
  [servers, browser] = await Promise.all([startServers(), startChromium()]);
});
afterAll(async () => {
  await browser?.close();
  await servers?.close();
});
beforeEach(async () => {
  servers.away = servers.silent = false;
  servers.asked.length = servers.bodies.length = servers.uploads.length = 0;
  servers.envelopes.clear();
});

/** As an app that keeps the consent itself: localStorage reaches the disk late, and a killed browser forgets what is young. */
const granted = { options: { consent: 'granted', receipt } };
const failures = (): number => servers.bodies.flatMap((body) => [...body.failures]).length;

async function withdrawAndClose(page: Page): Promise<void> {
  await page.evaluate(() => window.agent.setConsent('denied'));
  await page.evaluate(() => localStorage.clear());
  for (const each of browser.context.pages().slice(1)) await each.close();
}

describe('a report that waits', () => {
  it('is delivered after the browser was killed, and after it was quit', async () => {
    servers.away = true;
    const first = await openTab(browser.context, servers, granted);
    await fail(first, servers);
    await untilAtRest(first);
    await browser.kill();

    browser = await browser.restart();
    const second = await openTab(browser.context, servers, granted);
    expect(await waiting(second)).toBe(1);
    await fail(second, servers);
    await until(async () => (await waiting(second)) === 2);
    await second.close();
    await browser.quit();

    browser = await browser.restart();
    servers.away = false;
    const third = await openTab(browser.context, servers, granted);
    await third.evaluate(() => window.agent.flush());
    await until(async () => (await waiting(third)) === 0);
    expect(failures()).toBe(2);
    expect(servers.bodies.length).toBe(servers.envelopes.size);
    await withdrawAndClose(third);
  });

  it('is delivered after its tab crashed', async () => {
    servers.away = true;
    const page = await openTab(browser.context, servers);
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    const crashed = page.waitForEvent('crash');
    void page.goto('chrome://crash').catch(() => undefined);
    await crashed;
    servers.away = false;
    const next = await openTab(browser.context, servers);
    await until(() => failures() === 1);
    await withdrawAndClose(next);
  });

  it('is delivered at once after a tab that was closed in the middle of sending it', async () => {
    servers.silent = true;
    const page = await openTab(browser.context, servers);
    await grant(page);
    await fail(page, servers);
    await until(() => servers.asked.some((line) => line.startsWith('POST')));
    expect((await stored(page)).find(([key]) => key.startsWith('e:'))?.[1]['leasedUntilMs']).toBeGreaterThan(Date.now());
    await page.close();
    servers.silent = false;
    const next = await openTab(browser.context, servers);
    // A lease that was not given back would last a minute.
    await until(() => failures() === 1, 40_000);
    await withdrawAndClose(next);
  });

  it('is kept in memory and counted when the disk is full', async () => {
    servers.away = true;
    // An origin without any write: the browser remembers for a while how much room there was.
    const origin = servers.page.replace('127.0.0.1', 'localhost');
    const page = await openTab(browser.context, servers, { origin });
    const session = await browser.context.newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 });
    await grant(page);
    await fail(page, servers);
    await until(async () => (await waiting(page)) === 1);
    expect((await stored(page)).filter(([key]) => key.startsWith('e:'))).toEqual([]);
    expect(await page.evaluate(() => window.losses)).toContain('storage_failed');
    servers.away = false;
    await page.evaluate(() => window.agent.flush());
    await until(() => servers.bodies.some(({ losses }) => losses.some(({ reason }) => reason === 'storage_failed')));
    expect(failures()).toBe(1);
    await withdrawAndClose(page);
  });

  it('is kept in memory and counted where the browser refuses databases, as in a sandboxed frame', async () => {
    const page = await browser.context.newPage();
    await page.goto(`${servers.page}/app`);
    await page.evaluate(() => {
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-scripts');
      frame.src = '/app/frame';
      document.body.append(frame);
    });
    await until(() => page.frames().length === 2);
    const frame = page.frames()[1] as Exclude<ReturnType<Page['frames']>[1], undefined>;
    await startAgent(frame, servers, granted);
    expect(
      await frame.evaluate(() =>
        ((): string => {
          try {
            return String(indexedDB.open('x'));
          } catch (error) {
            return (error as Error).name;
          }
        })(),
      ),
    ).toBe('SecurityError');
    await fail(frame, servers);
    await until(() => servers.bodies.some(({ losses }) => losses.some(({ reason }) => reason === 'storage_failed')));
    expect(failures()).toBe(1);
    await page.close();
  });

  it('survives beside entries of an older and of a newer SDK, which neither get lost nor in the way', async () => {
    servers.away = true;
    const page = await openTab(browser.context, servers);
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    await page.evaluate(() => window.agent.close());
    await page.evaluate(async () => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('outcry');
        request.onsuccess = () => resolve(request.result);
      });
      const store = db.transaction('outcry', 'readwrite').objectStore('outcry');
      const range = IDBKeyRange.bound('e:', 'e:\uffff');
      await new Promise<void>((resolve) => {
        store.openCursor(range).onsuccess = ({ target }) => {
          const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
          if (!cursor) return resolve();
          const { bytes } = cursor.value as { bytes: Uint8Array };
          // As a version would write it that knows nothing but the bytes, and one that cuts them up.
          cursor.update({ bytes });
          store.put({ format: 2, parts: [bytes] }, `${String(cursor.key)}x`);
          store.put(7, `${String(cursor.key)}y`);
          resolve();
        };
      });
      await new Promise<void>((resolve) => (store.transaction.oncomplete = () => resolve()));
      db.close();
    });
    await page.close();
    servers.away = false;
    const next = await openTab(browser.context, servers);
    await until(() => failures() === 1);
    await fail(next, servers);
    await until(() => failures() === 2);
    await until(async () => (await waiting(next)) === 0);
    const left = (await stored(next)).filter(([key]) => key.startsWith('e:'));
    expect(left.map(([key]) => key.slice(-1))).toEqual(['x', 'y']);
    await withdrawAndClose(next);
    const after = await openTab(browser.context, servers);
    expect((await stored(after)).map(([key]) => key)).toEqual(['!epoch']);
    await after.close();
  });

  it('is sent once by many tabs where there are no web locks', async () => {
    servers.away = true;
    await browser.context.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined, configurable: true }),
    );
    const page = await openTab(browser.context, servers);
    expect(await page.evaluate(() => String(navigator.locks))).toBe('undefined');
    await grant(page);
    await fail(page, servers);
    await untilAtRest(page);
    await page.evaluate(() => window.agent.close());
    await page.close();
    const before = servers.asked.length;
    servers.away = false;
    const tabs = await Promise.all([1, 2, 3].map(() => openTab(browser.context, servers)));
    await Promise.all(tabs.map((tab) => tab.evaluate(() => window.agent.flush())));
    await until(async () => (await waiting(tabs[0] as Page)) === 0);
    expect(failures()).toBe(1);
    expect(servers.bodies.length).toBe(servers.envelopes.size);
    expect(servers.asked.length).toBeGreaterThan(before);
    await withdrawAndClose(tabs[0] as Page);
  });
});
