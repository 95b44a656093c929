/** The worker as an app's bundler sees it: the ESM build, in a module service worker, where import() is forbidden. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AgentConfig } from '@outcry/protocol';
import { CONFIG_KEY, configAt, signed } from '../unit/sdk-core/sign.js';
import { APP_EVENTS, makeSync, openApp, syncUntil } from './app-worker.js';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';
import { fail, grant, until, untilAtRest } from './tab.js';

/** Our build with its one dependency put into it, and otherwise as it is: a chunk that it asked for would have to be fetched. */
async function moduleText(): Promise<string> {
  const [ours, theirs] = await Promise.all(
    ['../../sdk-browser/dist/worker.js', '../../node_modules/idb-keyval/dist/index.js'].map((path) =>
      readFile(new URL(path, import.meta.url), 'utf8'),
    ),
  );
  return `${theirs?.replace(/^export .*$/m, '')}\n${ours?.replace(/^import .* from 'idb-keyval';$/m, '')}`;
}

let servers: Servers;
let browser: Browser;

beforeAll(async () => {
  [servers, browser] = await Promise.all([startServers(), startChromium()]);
  servers.worker = `${await moduleText()}\ndeliverWhenGone({}, { liveDelayMs: 0 }); ${APP_EVENTS}`;
});
afterAll(async () => {
  await browser?.close();
  await servers?.close();
});

/** Puts a configuration where a page that took it would have put it. */
const take = (page: Page, config: AgentConfig): Promise<void> =>
  page.evaluate(
    async (entry) => {
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('outcry');
        request.onsuccess = () => resolve(request.result);
      });
      const transaction = db.transaction('outcry', 'readwrite');
      transaction.objectStore('outcry').put(entry, 'config');
      await new Promise<void>((resolve) => (transaction.oncomplete = () => resolve()));
      db.close();
    },
    { key: CONFIG_KEY.publicKey, version: config.version, document: signed(config), askedAtMs: 0 },
  );

it('a module worker keeps to the signed configuration: silent while it pauses, then sending', async () => {
  const outside = await browser.context.newPage();
  await outside.goto(`${servers.page.replace('127.0.0.1', 'localhost')}/app`);
  const sync = makeSync(browser, servers, outside);
  servers.away = true;
  const page = await openApp(browser, servers, { worker: true, configKey: CONFIG_KEY.publicKey }, 'module');
  await grant(page);
  await fail(page, servers);
  await untilAtRest(page);
  await page.evaluate(() => window.agent.close());
  await take(page, configAt(Date.now(), 1, { paused: true }));
  await page.close();
  servers.away = false;
  servers.asked.length = 0;

  // The one question of a paused agent: it runs, and has loaded what follows the configuration.
  await syncUntil(sync, () => servers.asked.includes('GET /v1/config/shop'));
  await outside.waitForTimeout(2_000);
  expect(servers.asked.filter((line) => line.startsWith('POST'))).toEqual([]);

  const later = await browser.context.newPage();
  await later.goto(`${servers.page}/app`);
  await take(later, configAt(Date.now(), 2));
  await later.close();
  // The paused go ends after half a minute.
  await syncUntil(sync, () => servers.bodies.length > 0, 90_000);
  await until(() => servers.bodies.flatMap((body) => [...body.failures]).length === 1);
});
