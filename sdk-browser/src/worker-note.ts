/** How a page leaves what waits to the app's service worker. */
import type { Lifecycle } from './lifecycle.js';
import { allowed } from './scope.js';

/** What a service worker hears of, as the tag of a Background Sync and as the `outcry` member of a message. */
export const workerTag = (store: string): string => `outcry:${store}`;

interface Syncing {
  readonly sync?: { register(tag: string): Promise<void> };
}

/**
 * Tells the worker that controls this page whenever the page is left: by Background Sync, which comes when there is a network, else
 * by a message, which comes at once. The result stops it. Never throws.
 */
export function watchLeavingToWorker({ navigator }: Window, store: string, { onLeave }: Pick<Lifecycle, 'onLeave'>): () => void {
  const serviceWorker = allowed(() => navigator.serviceWorker as ServiceWorkerContainer | undefined);
  const tag = workerTag(store);
  // Got beforehand: a page that is being closed waits for nothing.
  let registration: (ServiceWorkerRegistration & Syncing) | undefined;
  serviceWorker?.ready.then((ready) => (registration = ready)).catch(() => undefined);
  return onLeave(() => {
    const tell = (): void => registration?.active?.postMessage({ outcry: tag });
    if (registration?.sync) registration.sync.register(tag).catch(tell);
    else tell();
  });
}
