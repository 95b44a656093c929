/**
 * Everything that is needed only once consent is given: a chunk of its own, so that nobody pays for it before. The agent's own session
 * travels with it.
 */
import { removeNel, startSession } from '@outcry/core';
import type { Agent, CheckedOptions, Platform } from '@outcry/core';
import type { Started } from './conclude.js';
import { deflateRaw } from './deflate.js';
import type { Followed } from './follow.js';
import { holdInPage } from './hold-presence.js';
import { watchLifecycle } from './lifecycle.js';
import { makeSenderLock } from './lock.js';
import type { Presence } from './presence.js';
import { EVENTS_MS, watchPolicy } from './policy.js';
import type { Scope } from './scope.js';
import { watchWake } from './wake.js';
import { openStore } from './store.js';
import type { Begin } from './watch/ending.js';
import { noteToWorker } from './worker-note.js';
import type { WorkerNote } from './worker-note.js';

/** A request as the page's wrappers see it. */
export type Begun = Omit<Started, 'scheme'>;

export interface Recording {
  readonly platform: Platform;
  /** As the core's, on this platform; watches for as long as it lasts. */
  readonly startSession: typeof startSession;
  readonly removeNel: typeof removeNel;
  /** Follows a request that just began. */
  readonly follow: (request: Begun) => Followed;
}

/** What is known of the place before the recording part is loaded. */
export type Beginnings = Pick<
  Platform,
  'now' | 'random' | 'setTimer' | 'source' | 'runtime' | 'runtimeMajor' | 'os' | 'fetchFn' | 'broadcast' | 'loadNacl' | 'isGrantedAtOnce'
> & { readonly presence: Presence | undefined };

export interface RecordingParts {
  readonly scope: Scope;
  /** Of the database and the lock. */
  readonly name: string;
  readonly idb: IDBFactory | undefined;
  readonly beginnings: Beginnings;
  readonly overrides: Partial<Platform>;
  readonly agent: Agent;
  readonly begin: Begin;
  /** When consent was given, by `performance.now()`: what began before is not looked at. */
  readonly sinceMark: () => number;
  /** A session is over, also by a withdrawal in another tab: nothing is watched any more. */
  readonly onEnd: () => void;
  readonly options: Pick<CheckedOptions, 'hosts' | 'landmarks' | 'count4xx' | 'worker'>;
}

/** Rejects when the part that diagnoses cannot be loaded. Listens to nothing before `startSession`. */
export async function makeRecording(parts: RecordingParts): Promise<Recording> {
  const { scope, name, idb, beginnings, overrides, agent, begin, options } = parts;
  const { navigator, crypto } = scope;
  const { now, random, setTimer, presence } = beginnings;
  const { connection } = navigator as { connection?: { type?: string } };
  const lifecycle = watchLifecycle(scope, now);
  const policy = watchPolicy(scope, now);
  // Now, while the network works: it is needed when it does not.
  const loading = import('./diagnosis.js');
  const store = overrides.store ?? (await openStore(name, idb));
  const locks = navigator.locks as LockManager | undefined;
  let note: WorkerNote | undefined;
  const platform: Platform = {
    ...beginnings,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    subtle: crypto.subtle,
    store,
    withSenderLock: makeSenderLock({ locks, name, store, now, random, setTimer, onLeave: lifecycle.onLeave }),
    online: () => navigator.onLine,
    connection: () => connection?.type ?? 'unknown',
    isHidden: lifecycle.isHidden,
    async wasBlocked(url) {
      await new Promise<void>((resolve) => void setTimer(resolve, EVENTS_MS));
      return policy.stopped(new URL(url)) !== 'none';
    },
    onLeave: lifecycle.onLeave,
    onKept: () => note?.ask(),
    // Asked for by a session for as long as it lasts, which is how long the page is to be counted among those that hear.
    onWake(run) {
      const stopWaking = watchWake(scope)(run);
      const leave = presence && locks && holdInPage(locks, presence, scope);
      return () => {
        stopWaking();
        leave?.();
      };
    },
    ...('CompressionStream' in scope && { deflate: deflateRaw }),
    ...overrides,
  };
  const { makeDiagnosis } = await loading;
  const diagnosis = makeDiagnosis({ scope, platform, agent, lifecycle, policy, begin, ...options });
  const parallel = [lifecycle, policy, diagnosis];
  return {
    platform,
    removeNel,
    startSession(given) {
      const session = startSession({ ...given, platform });
      if (agent.isGranted()) {
        for (const each of parallel) each.start(parts.sinceMark(), given.epoch);
        if (options.worker) note = noteToWorker(scope, name, lifecycle);
      }
      const end = (): void => {
        session.end();
        note?.stop();
        note = undefined;
        for (const each of parallel) each.stop();
        parts.onEnd();
      };
      return { ...session, end };
    },
    follow(request) {
      const { url, method } = request;
      const scheme = url.protocol.slice(0, -1);
      url.hash = '';
      // Asked over HTTP, whatever failed.
      url.protocol = scheme.replace('ws', 'http');
      return diagnosis.follow({ ...request, scheme, method: method.toUpperCase() });
    },
  };
}
