/** How a page leaves what waits to the app's service worker. */
import type { Lifecycle } from './lifecycle.js';
import { allowed } from './scope.js';

/** What a service worker hears of, as the tag of a Background Sync and as the `outcry` member of a message. */
export const workerTag = (store: string): string => `outcry:${store}`;

interface Syncing {
  readonly sync?: { register(tag: string): Promise<void> };
}

export interface WorkerNote {
  /** Asks for a Background Sync now: Chromium refuses about half of those that a page asks for when it is closed. Never throws. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/**
 * Tells the worker that controls this page whenever the page is left: by Background Sync, which comes when there is a network, else
 * by a message, which comes at once. Never throws.
 */
export function noteToWorker({ navigator }: Window, store: string, { onLeave }: Pick<Lifecycle, 'onLeave'>): WorkerNote {
  const serviceWorker = allowed(() => navigator.serviceWorker as ServiceWorkerContainer | undefined);
  const tag = workerTag(store);
  // Got beforehand: a page that is being closed waits for nothing.
  let registration: (ServiceWorkerRegistration & Syncing) | undefined;
  serviceWorker?.ready.then((ready) => (registration = ready)).catch(() => undefined);
  const stop = onLeave(() => {
    const tell = (): void => registration?.active?.postMessage({ outcry: tag });
    if (registration?.sync) registration.sync.register(tag).catch(tell);
    else tell();
  });
  return { stop, ask: () => void registration?.sync?.register(tag).catch(() => undefined) };
}
