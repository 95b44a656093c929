/** An app's own service worker, and what the browser does with it, as the tests of `@outcry/browser/worker` need them. */
import type { Page } from 'playwright-core';
import type { Browser } from './chromium.js';
import type { Servers } from './servers.js';
import { openTab, until } from './tab.js';

/** What any app's worker does beside ours. */
export const APP_EVENTS = `
  addEventListener('install', () => skipWaiting());
  addEventListener('activate', (event) => event.waitUntil(clients.claim()));
`;

/** A tab under the app's service worker. */
export async function openApp(
  { context }: Browser,
  servers: Servers,
  options: object = { worker: true },
  type: WorkerType = 'classic',
): Promise<Page> {
  const page = await openTab(context, servers, { path: '/app', options, patient: true });
  await page.evaluate(async (as) => {
    await navigator.serviceWorker.register('/sw.js', { type: as });
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller) await new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
  }, type);
  return page;
}

/**
 * A function that does what the browser does when the network is back, at once.
 *
 * @param outside - A page of another origin, to do it from.
 */
export function makeSync({ context }: Browser, servers: Servers, outside: Page): () => Promise<void> {
  let registrationId = '';
  return async () => {
    const session = await context.newCDPSession(outside);
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      for (const each of registrations) if (each.scopeURL.startsWith(servers.page) && !each.isDeleted) registrationId = each.registrationId;
    });
    await session.send('ServiceWorker.enable');
    await until(() => registrationId !== '');
    await session.send('ServiceWorker.dispatchSyncEvent', {
      origin: servers.page,
      registrationId,
      tag: 'outcry:outcry',
      lastChance: false,
    });
    await session.detach();
  };
}

/** Until it holds, a sync now and then: the browser comes back in minutes, and a page's locks outlive it for a moment. */
export async function syncUntil(sync: () => Promise<void>, holds: () => boolean, timeoutMs?: number): Promise<void> {
  await until(async () => {
    if (!holds()) await sync();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return holds();
  }, timeoutMs);
}
