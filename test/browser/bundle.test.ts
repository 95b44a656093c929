/** What is built: no code from text, everything where package.json says, and nothing loaded before it is needed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';
import { fail, grant, stored, untilAtRest } from './tab.js';

const room = fileURLToPath(new URL('../../sdk-browser/', import.meta.url));
const scripts = readdirSync(`${room}dist`).filter((name) => /\.c?js$/.test(name));

describe('the built files', () => {
  it('make no code from text, so that a strict content security policy allows them', () => {
    expect(scripts.length).toBeGreaterThan(5);
    for (const name of scripts) {
      const code = readFileSync(`${room}dist/${name}`, 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
      expect(code.match(/\beval\s*\(|\bFunction\s*\(\s*['"`]|\bnew Function\b|\.innerHTML|document\.write/g) ?? [], name).toEqual([]);
    }
  });

  it('load nothing later in a service worker, where import() is forbidden', () => {
    for (const name of ['worker.js', 'worker.cjs', 'outcry-worker.iife.js']) {
      const code = readFileSync(`${room}dist/${name}`, 'utf8').replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
      expect(code.length, name).toBeGreaterThan(10_000);
      expect(code.match(/\bimport\s*\(|\brequire\s*\(\s*['"]\./g) ?? [], name).toEqual([]);
    }
  });

  it('are where package.json says', () => {
    const { exports } = JSON.parse(readFileSync(`${room}package.json`, 'utf8')) as { exports: Record<string, unknown> };
    const paths = [...JSON.stringify(exports).matchAll(/"(\.\/dist\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) expect(existsSync(room + path), path).toBe(true);
  });

  it('load as CommonJS and as ESM without a window', async () => {
    const esm = (await import(`${room}dist/index.js`)) as { init: unknown };
    const { createRequire } = await import('node:module');
    const cjs = createRequire(import.meta.url)(`${room}dist/index.cjs`) as { init: unknown };
    expect([typeof esm.init, typeof cjs.init]).toEqual(['function', 'function']);
  });
});

describe('the modules in Chromium', () => {
  let servers: Servers;
  let browser: Browser;
  beforeAll(async () => {
    [servers, browser] = await Promise.all([startServers(), startChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await servers?.close();
  });

  /** As text: the test runner would rewrite an import() in a function. */
  const startModules = (page: Page): Promise<void> => {
    const options = {
      project: 'shop',
      release: '1.0',
      hosts: ['127.0.0.1'],
      collectors: [servers.collector],
      recipientKey: servers.recipientKey,
      worker: true,
    };
    return page.evaluate(
      `import('/min/index.js').then(({ init }) => void (window.agent = init(${JSON.stringify(options)}, { liveDelayMs: 0 })))`,
    );
  };

  it('load the recording part with consent, and the fallback not at all', async () => {
    const page = await browser.context.newPage();
    const loaded: string[] = [];
    page.on('request', (request) => loaded.push(new URL(request.url()).pathname));
    await page.goto(servers.page);
    loaded.length = 0;
    await startModules(page);
    expect(loaded.filter((path) => /recording|session|fallback|^\/v1/.test(path))).toEqual([]);
    await page.evaluate(
      (at) => window.agent.setConsent('granted', { text: 'v3', textHash: 'A'.repeat(43), at, method: 'dialog' }),
      new Date().toISOString(),
    );
    // A request of the same moment is seen, although the recording part is still on its way.
    await page.evaluate((url) => fetch(url).catch(() => undefined), `${servers.closedPort}/x`);
    await expect.poll(() => servers.bodies.flatMap(({ failures }) => [...failures]).length, { timeout: 20_000 }).toBe(1);
    expect(loaded).toEqual(expect.arrayContaining(['/min/recording.js', '/min/session.js']));
    expect(loaded.join()).not.toContain('fallback');
    await page.evaluate(() => window.agent.setConsent('denied'));
    await page.close();
  });

  it('erase what earlier pages left, also where the recording part cannot be loaded', async () => {
    servers.away = true;
    const first = await browser.context.newPage();
    await first.goto(servers.page);
    await startModules(first);
    await grant(first);
    await fail(first, servers);
    await untilAtRest(first);
    expect((await stored(first)).map(([key]) => key)).toContain('worker');
    await first.close();

    const page = await browser.context.newPage();
    await page.route('**/min/recording.js', (route) => route.abort());
    await page.goto(servers.page);
    await startModules(page);
    expect(await page.evaluate(() => window.agent.consent)).toBe('granted');
    await page.evaluate(() => window.agent.setConsent('denied'));
    expect((await stored(page)).map(([key]) => key)).toEqual(['!epoch']);
    servers.away = false;
  });

  it('leave not a byte in a database where somebody refuses who never agreed', async () => {
    const page = await browser.context.newPage();
    await page.goto(servers.page.replace('127.0.0.1', 'localhost'));
    await startModules(page);
    await page.evaluate(() => window.agent.setConsent('denied'));
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
    expect((await page.evaluate(() => navigator.storage.estimate())).usage).toBe(0);
  });
});
