/** One go of a service worker: a session without watchers, for as long as something waits and the collectors take it. */
import { ENTRY_PREFIX, isFollowable, readPlan, startSession } from '@outcry/core';
import type { Platform, Session } from '@outcry/core';
import { makeBroadcast } from './broadcast.js';
import { deflateRaw } from './deflate.js';
import { holdPresence } from './hold-presence.js';
import { isThere } from './is-there.js';
import { makeSenderLock } from './lock.js';
import { makePresence } from './presence.js';
import type { Presence } from './presence.js';
import { runtimeOf } from './runtime.js';
import { openStore } from './store.js';

/** What stands in for a window. */
export type WorkerScope = WindowOrWorkerGlobalScope & Pick<typeof globalThis, 'BroadcastChannel'> & { readonly navigator: Navigator };

const LOOK_MS = 250;
/** A worker that gets nothing through only costs; the browser wakes it again. */
const QUIET_MS = 30_000;
/** Browsers end an event after some minutes. */
const LONGEST_MS = 120_000;

interface Parts {
  readonly scope: WorkerScope;
  readonly name: string;
  readonly store: Platform['store'];
  readonly locks: LockManager | undefined;
  readonly presence: Presence | undefined;
}

function makePlatform({ scope, name, store, locks, presence }: Parts, overrides: Partial<Platform>): Platform {
  const { navigator, crypto } = scope;
  const { now, random } = { now: Date.now, random: Math.random };
  const setTimer: Platform['setTimer'] = (run, ms) => {
    const timer = scope.setTimeout(run, Math.min(ms, 2 ** 31 - 1));
    return () => scope.clearTimeout(timer);
  };
  return {
    now,
    random,
    setTimer,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    subtle: crypto.subtle,
    fetchFn: scope.fetch.bind(scope),
    store,
    withSenderLock: makeSenderLock({ locks, name, store, now, random, setTimer, onLeave: () => () => undefined }),
    source: 'sdk-browser',
    ...runtimeOf(navigator),
    online: () => navigator.onLine,
    connection: () => 'unknown',
    ...('CompressionStream' in scope && { deflate: deflateRaw }),
    ...('BroadcastChannel' in scope && {
      broadcast: makeBroadcast(scope.BroadcastChannel, name, presence),
    }),
    ...overrides,
  };
}

/** Resolves when nothing waits any more (true), nothing gets through (false), or consent is gone (true: nothing waits). */
async function untilSent(session: Session, { now, setTimer }: Platform, progress: { lastMs: number; gone: boolean }): Promise<boolean> {
  const endMs = now() + LONGEST_MS;
  while (!progress.gone) {
    if ((await session.pending()).envelopes === 0) return true;
    if (now() > Math.min(endMs, progress.lastMs + QUIET_MS)) return false;
    await new Promise<void>((resolve) => void setTimer(resolve, LOOK_MS));
  }
  return true;
}

const locksOf = ({ navigator }: WorkerScope): LockManager | undefined => navigator.locks;

/**
 * Whether somebody of the origin is there that listens, and so delivers by itself: a page, or a go of another worker. False where the
 * browser does not tell.
 */
export async function hasOthers(scope: WorkerScope, name: string): Promise<boolean> {
  const locks = locksOf(scope);
  return (
    locks !== undefined &&
    (await makePresence(locks, name, Math.random)
      .others()
      .catch(() => 0)) > 0
  );
}

/** Whether any envelope rests in the store. Makes none. Rejects when the store does. */
export async function isAnyWaiting({ indexedDB }: WorkerScope, name: string): Promise<boolean> {
  if (!(await isThere(indexedDB, name))) return false;
  return (await (await openStore(name, indexedDB)).entries(ENTRY_PREFIX)).length > 0;
}

/**
 * Delivers what pages left, to the collectors that the last page with consent named, by the rules of any page: the sender lock, the
 * epoch before every request, Retry-After, the budget of the day, the operator's signed configuration. Where that cannot be verified
 * here everything is left to the next page.
 *
 * @param name - Of the store.
 * @returns False when something still waits for another go. Without a consent nothing is asked and nothing stored.
 * Rejects when the store does.
 */
export async function deliverWaiting(scope: WorkerScope, name: string, overrides: Partial<Platform> = {}): Promise<boolean> {
  if (!(await isThere(scope.indexedDB, name))) return true;
  const store = await openStore(name, scope.indexedDB);
  const epoch = await store.epoch();
  const options = await readPlan(store);
  if (!options?.receipt) return true;
  const locks = locksOf(scope);
  const presence = locks && makePresence(locks, name, Math.random);
  const platform = makePlatform({ scope, name, store, locks, presence }, overrides);
  if (!(await isFollowable({ options, platform }))) return true;
  const { broadcast, now } = platform;
  const progress = { lastMs: now(), gone: false };
  const session = startSession({
    options,
    platform,
    epoch,
    receipt: options.receipt,
    sent: [],
    emit: ({ kind }) => kind === 'delivered' && (progress.lastMs = now()),
    onGone: () => (progress.gone = true),
  });
  const stopListening = broadcast?.listen(({ kind }) => {
    if (kind !== 'erased') return;
    progress.gone = true;
    session.end();
    broadcast.post({ kind: 'confirmed' });
  });
  // A withdrawal counts those who hear it.
  const leave = broadcast && presence && holdPresence(locks, presence);
  try {
    return await untilSent(session, platform, progress);
  } finally {
    session.end();
    stopListening?.();
    leave?.();
  }
}
