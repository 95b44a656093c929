/**
 * For the app's own service worker: delivers what waits on the device after the page is gone. Importing does nothing by itself.
 * It answers no request of the app, and does not even hear of them unless asked.
 */
import type { Platform } from '@outcry/core';
import { workerTag } from './worker-note.js';
import { deliverWaiting, hasOthers, isAnyWaiting } from './worker-round.js';
import type { WorkerScope } from './worker-round.js';

export interface WorkerOptions {
  /** The `store` of `init`; default `outcry`. */
  readonly store?: string;
  /** Also wake with the app's requests, at most once a minute, where there is no Background Sync; they are not looked at. Default false. */
  readonly onFetch?: boolean;
}

/** What is read of the events of a service worker. */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
  /** Of a Background Sync. */
  readonly tag?: string;
  /** Of a message. */
  readonly data?: { readonly outcry?: unknown } | null;
}

const ON_FETCH_MS = 60_000;

/**
 * Call it once while the service worker's script runs for the first time, beside whatever else that worker does.
 *
 * @param platform - Parts of the platform to replace, for tests.
 * Never throws; nothing is stored or sent before a page with `worker: true` has the user's consent.
 */
export function deliverWhenGone({ store = 'outcry', onFetch = false }: WorkerOptions = {}, platform: Partial<Platform> = {}): void {
  const scope = globalThis as unknown as WorkerScope;
  const tag = workerTag(store);
  let running: Promise<boolean> | undefined;
  let lastMs = 0;

  const deliver = (): Promise<boolean> =>
    (running ??= deliverWaiting(scope, store, platform)
      // A store that fails is asked again at the next occasion.
      .catch(() => true)
      .finally(() => (running = undefined)));
  const listen = (type: string, run: (event: WorkerEvent) => void): void => {
    globalThis.addEventListener(type, run as (event: Event) => void);
  };

  /** False when the browser is to come again: something waits, and is left to a page that is there, or nobody takes it. */
  const onSync = async (): Promise<boolean> => {
    // A go under way counts as somebody who is there.
    if (running) return running;
    if (!(await isAnyWaiting(scope, store).catch(() => false))) return true;
    return (await hasOthers(scope, store)) ? false : deliver();
  };

  listen('sync', (event) => {
    if (event.tag !== tag) return;
    // A rejection makes the browser come back in some minutes: perhaps the page is gone by then. Beside it a worker would only knock twice.
    event.waitUntil(
      onSync().then((all) => {
        if (!all) throw new Error('outcry: something still waits');
      }),
    );
  });
  listen('message', (event) => {
    if (event.data?.outcry === tag) event.waitUntil(deliver());
  });
  // Not waited for: the app's requests wait until a worker is active.
  listen('activate', () => void deliver());
  if (onFetch)
    listen('fetch', (event) => {
      if (Math.abs(Date.now() - lastMs) < ON_FETCH_MS) return;
      lastMs = Date.now();
      event.waitUntil(deliver());
    });
}
