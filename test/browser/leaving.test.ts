/** Pages that are closed, left, frozen or cached, in a real Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChromium } from './chromium.js';
import type { Browser } from './chromium.js';
import { startServers } from './servers.js';
import type { Servers } from './servers.js';
import { fail, grant, openTab, startAgent, stored, until, waiting } from './tab.js';

let servers: Servers;
let browser: Browser;

beforeAll(async () => {
  // Automation turns the back/forward cache off.
  [servers, browser] = await Promise.all([startServers(), startChromium({ without: ['--disable-back-forward-cache'] })]);
});
afterAll(async () => {
  await browser?.close();
  await servers?.close();
});
afterEach(async () => {
  const page = await openTab(browser.context, servers);
  await page.evaluate(() => window.agent.setConsent('denied'));
  await page.evaluate(() => localStorage.clear());
  for (const each of browser.context.pages().slice(1)) await each.close();
  servers.away = false;
  servers.asked.length = servers.bodies.length = servers.uploads.length = 0;
  servers.envelopes.clear();
});

const failures = (): number => servers.bodies.flatMap((body) => [...body.failures]).length;
const uploads = (): number => servers.asked.filter((line) => line.startsWith('POST')).length;

/** A tab whose report is sealed and waits for a minute that it will not live. */
async function openWaiting(): Promise<Page> {
  const page = await openTab(browser.context, servers, { liveDelayMs: 600_000 });
  await grant(page);
  await fail(page, servers);
  await until(async () => (await waiting(page)) === 1);
  return page;
}

describe('a report that is sealed and not sent', () => {
  it('arrives when its tab is closed', async () => {
    const page = await openWaiting();
    expect(uploads()).toBe(0);
    await page.close();
    await until(() => failures() === 1);
  });

  it('arrives when its page is left for another, and a page that comes back knows of it', async () => {
    const page = await openWaiting();
    await page.goto(`${servers.page}/app/elsewhere`);
    await until(() => failures() === 1);
    await page.goBack({ waitUntil: 'commit' });
    expect(await page.evaluate(() => 'agent' in window)).toBe(true);
    await page.evaluate(() => window.agent.flush());
    await until(async () => (await waiting(page)) === 0);
    expect(servers.envelopes.size).toBe(new Set(servers.bodies.map(({ sealed_at, failures: of }) => `${sealed_at} ${of.length}`)).size);
  });

  it('stays where it is when another tab has just withdrawn the consent', async () => {
    const page = await openWaiting();
    const other = await browser.context.newPage();
    await other.goto(`${servers.page}/app`);
    await other.evaluate(() => localStorage.setItem('outcry:consent', JSON.stringify({ state: 'denied', day: '2026-11-26' })));
    await page.close();
    await other.waitForTimeout(1_000);
    expect(uploads()).toBe(0);
  });
});

describe('a page that slept through a withdrawal', () => {
  it('in the back/forward cache sends and stores nothing when it returns', async () => {
    const page = await openWaiting();
    await page.goto(`${servers.page}/app/elsewhere`);
    await until(() => failures() === 1);
    // Withdrawn by a page that cannot tell the others.
    await page.evaluate(() => delete (window as { BroadcastChannel?: unknown }).BroadcastChannel);
    await startAgent(page, servers, {});
    await page.evaluate(() => window.agent.setConsent('denied'));
    const asked = servers.asked.length;
    await page.goBack({ waitUntil: 'commit' });
    // Chromium gives up a cached page whose database another page writes to; one that it kept has to find out by the epoch.
    if (await page.evaluate(() => 'agent' in window)) await until(() => page.evaluate(() => window.agent.consent === 'denied'));
    await fail(page, servers);
    await page.evaluate(() => (window.agent as typeof window.agent | undefined)?.flush());
    expect(servers.asked.length).toBe(asked);
    expect((await stored(page)).map(([key]) => key)).toEqual(['!epoch']);
  });

  it('frozen is not waited for, and sends and stores nothing when it goes on', async () => {
    servers.away = true;
    const page = await openWaiting();
    const session = await browser.context.newCDPSession(page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    const other = await openTab(browser.context, servers, { patient: true });
    // Its second never ends: only a count of those who can answer lets it go on.
    await other.evaluate(() => window.agent.setConsent('denied'));
    servers.away = false;
    const asked = servers.asked.length;
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await until(() => page.evaluate(() => window.agent.consent === 'denied'));
    await fail(page, servers);
    await page.evaluate(() => window.agent.flush());
    expect(servers.asked.length).toBe(asked);
    expect((await stored(page)).map(([key]) => key)).toEqual(['!epoch']);
  });
});

describe('a withdrawal', () => {
  it('resolves as soon as the other tabs have confirmed, whatever the second says', async () => {
    const tabs = [];
    for (let n = 0; n < 3; n++) tabs.push(await openTab(browser.context, servers, { patient: true }));
    const [first, ...others] = tabs as [Page, ...Page[]];
    await grant(first);
    for (const each of others) await grant(each);
    const live = (): Promise<number> =>
      first.evaluate(
        async () => ((await navigator.locks.query()).held ?? []).filter(({ name }) => name?.startsWith('outcry:page:')).length,
      );
    await until(async () => (await live()) === 3);
    await first.evaluate(() => window.agent.setConsent('denied'));
    for (const each of tabs) expect(await each.evaluate(() => window.agent.consent)).toBe('denied');
    await until(async () => (await live()) === 0);
  });
});
