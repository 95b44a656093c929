/** The shop's page in a real Chromium: every button fails for real, and page and terminal say what became of it. Before and after consent: silence. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShop, type Shop } from '../../examples/shop/src/index.js';
import { freePort } from '../free-port.js';
import { RunningCommand } from '../scenario/running-command.js';
import { startChromium, type Browser } from './chromium.js';

describe('the page of the shop', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'outcry-shop-'));
  let serving: RunningCommand;
  let tailing: RunningCommand;
  let shop: Shop;
  let browser: Browser;
  let page: Page;
  let collectorUrl: string;
  const violations: string[] = [];
  const asked: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    collectorUrl = `http://127.0.0.1:${port}`;
    const analyzerPort = await freePort();
    const env = { OUTCRY_DATA_DIR: dataDir, OUTCRY_COLLECTOR_PORT: String(port), OUTCRY_ANALYZER_PORT: String(analyzerPort) };
    serving = new RunningCommand(['serve'], env);
    [browser] = await Promise.all([startChromium(), serving.said(/analyzer\s+http/, 100_000)]);
    tailing = new RunningCommand(['tail', '--json'], env);
    const recipientKey = /recipientKey (\S+)/.exec(serving.text)?.[1] ?? '';
    shop = await startShop({
      port: 0,
      collectors: [collectorUrl],
      recipientKey,
      liveUrl: `http://127.0.0.1:${analyzerPort}/live/shop-dev`,
    });
    page = await browser.context.newPage();
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(shop.url);
    await page.waitForSelector('#fault-no-cors');
  });
  afterAll(async () => {
    await browser?.close();
    await shop?.close();
    tailing?.child.kill('SIGKILL');
    await serving?.interrupt();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const newest = (): Promise<string> => page.innerText('#log > li:first-child');
  const askedCollector = (): string[] => asked.filter((url) => url.startsWith(collectorUrl));

  it('asks by a dialog, and sends nothing while nobody has answered', async () => {
    await page.waitForSelector('outcry-consent [role=dialog]');
    // The dialog may lie over the button in a small window.
    await page.dispatchEvent('#fault-closed', 'click');
    await page.waitForFunction(() => document.querySelector('#log')?.textContent?.includes('did not look: you have not agreed'));
    expect(askedCollector()).toEqual([]);
    expect(await page.evaluate(() => indexedDB.databases())).toEqual([]);
  });

  it('shows after a click what was seen, what was sealed, and which collector took it how fast; tail prints the report', async () => {
    await page.click('outcry-consent button[value=granted]');
    await page.waitForSelector('#agreed:not([hidden])');
    await page.click('#fault-http-503');
    await page.waitForFunction(() => document.querySelector('#log > li')?.textContent?.includes('took it in'), undefined, {
      timeout: 30_000,
    });
    const text = await newest();
    expect(text).toMatch(/page saw\s+an answer with status 503/);
    expect(text).toContain('GET http://127.0.3.7 failed: the answer was broken or an error (http, type http.error');
    expect(text).toMatch(/sealing\s+\d+ bytes, sealed and signed \(1 report\)/);
    expect(text).toMatch(/21 fields, and no more/);
    expect(text).toMatch(new RegExp(`collector ${collectorUrl} took it in \\d+ ms, [\\d.]+ m?s after the failure`));
    await tailing.said(/"host":"127\.0\.3\.7".*"type":"http\.error"/, 60_000);
    expect(await page.getAttribute('#live', 'href')).toMatch(/\/live\/shop-dev$/);
  });

  it('makes every button a failure that the agent notices', async () => {
    const { faults } = shop;
    for (const { id } of faults.filter((fault) => fault.id !== 'http-503')) {
      await page.click(`#fault-${id}`);
      await page.waitForSelector(`#fault-${id}:enabled`);
    }
    await page.waitForFunction(() => !document.querySelector('#log')?.textContent?.includes('is looking at it'), undefined, {
      timeout: 30_000,
    });
    const entries = await page.locator('#log > li').allInnerTexts();
    const watched = entries.filter((entry) => !entry.includes('you have not agreed'));
    expect(watched).toHaveLength(faults.length);
    for (const entry of watched) expect(entry).toMatch(/agent\s+GET \S+ failed: /);
    const kindOf = (label: string): string =>
      /failed: .*\((\w+), type/.exec(watched.find((entry) => entry.startsWith(label)) ?? '')?.[1] ?? '';
    expect(kindOf('A server that never answers')).toBe('timeout');
    expect(kindOf('A missing CORS header')).toBe('cors');
  });

  it('falls silent on withdrawal, and says so', async () => {
    await page.click('#withdraw');
    await page.waitForSelector('#refused:not([hidden])');
    expect(await page.innerText('#refused')).toContain('Withdrawn');
    await page.waitForTimeout(200);
    const before = askedCollector().length;
    await page.click('#fault-closed');
    await page.waitForFunction(() => document.querySelector('#log > li')?.textContent?.includes('did not look'));
    await page.waitForTimeout(1500);
    expect(askedCollector()).toHaveLength(before);
  });

  it('never runs against its own content security policy', () => {
    expect(violations).toEqual([]);
  });
});
