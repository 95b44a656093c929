/** How a page leaves what waits to the app's service worker. */
import type { Lifecycle } from './lifecycle.js';
import { allowed } from './scope.js';

/** What a service worker hears of, as the tag of a Background Sync and as the `outcry` member of a message. */
export const workerTag = (store: string): string => `outcry:${store}`;

interface Syncing {
  readonly sync?: { register(tag: string): Promise<void> };
}

export interface WorkerNote {
  /** Something waits: asks for a Background Sync now, for Chromium refuses about half of those that a page asks for when it is closed. Never throws. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/**
 * Tells the worker that controls this page what waits: by Background Sync, which comes when there is a network, else, when the page is
 * left, by a message, which comes at once. A page that is closed cannot look first whether anything waits. Never throws.
 */
export function noteToWorker(
  { navigator }: Window,
  store: string,
  { onLeave, isHidden }: Pick<Lifecycle, 'onLeave' | 'isHidden'>,
): WorkerNote {
  const serviceWorker = allowed(() => navigator.serviceWorker as ServiceWorkerContainer | undefined);
  const tag = workerTag(store);
  // Got beforehand: a page that is being closed waits for nothing.
  let registration: (ServiceWorkerRegistration & Syncing) | undefined;
  serviceWorker?.ready.then((ready) => (registration = ready)).catch(() => undefined);
  const tell = (): void => registration?.active?.postMessage({ outcry: tag });
  const ask = (isLeft: boolean): void => void registration?.sync?.register(tag).catch(() => isLeft && tell());
  const stop = onLeave((closing) => {
    if (!registration?.sync) tell();
    // A hidden one is asked for once it has sealed what it has.
    else if (closing) ask(true);
  });
  return { stop, ask: () => ask(isHidden()) };
}
