/**
 * Everything that is needed only once consent is given: a chunk of its own, so that nobody pays for it before. The agent's own session
 * travels with it.
 */
import { startSession } from '@outcry/core';
import type { Agent, Platform } from '@outcry/core';
import { makeConclude } from './conclude.js';
import type { Started } from './conclude.js';
import { EVENTS_MS, makeGatherer } from './evidence.js';
import { watchLifecycle } from './lifecycle.js';
import { makeSenderLock } from './lock.js';
import { watchPolicy } from './policy.js';
import { makeProbes } from './probe.js';
import type { Scope } from './scope.js';
import { openStore } from './store.js';
import type { Ending } from './watch/ending.js';

export { startSession };

export interface Recording {
  readonly platform: Platform;
  /** What became of a watched request. Never rejects. */
  conclude(request: Started, ending: Ending, elapsedMs: number): Promise<void>;
  start(): void;
  stop(): void;
}

/** What is known of the place before the recording part is loaded. */
export type Beginnings = Pick<
  Platform,
  'now' | 'random' | 'setTimer' | 'source' | 'runtime' | 'runtimeMajor' | 'os' | 'fetchFn' | 'broadcast' | 'loadNacl'
>;

export interface RecordingParts {
  readonly scope: Scope;
  /** Of the database and the lock. */
  readonly name: string;
  readonly idb: IDBFactory | undefined;
  readonly beginnings: Beginnings;
  readonly overrides: Partial<Platform>;
  readonly agent: Agent;
  readonly count4xx: boolean;
}

async function deflateRaw(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream('deflate-raw');
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(bytes as Uint8Array<ArrayBuffer>), writer.close()]);
  const [deflated] = await Promise.all([new Response(readable).arrayBuffer(), written]);
  return new Uint8Array(deflated);
}

/** Never rejects. Listens to nothing before `start`. */
export async function makeRecording({ scope, name, idb, beginnings, overrides, agent, count4xx }: RecordingParts): Promise<Recording> {
  const { navigator, crypto, performance } = scope;
  const { now, random, setTimer } = beginnings;
  const { connection } = navigator as { connection?: { type?: string } };
  const lifecycle = watchLifecycle(scope, now);
  const policy = watchPolicy(scope, now);
  const store = overrides.store ?? (await openStore(name, idb));
  const locks = navigator.locks as LockManager | undefined;
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
    ...('CompressionStream' in scope && { deflate: deflateRaw }),
    ...overrides,
  };
  const gatherer = makeGatherer({ ...platform, agent, lifecycle, policy, probes: makeProbes(platform), performance });
  return {
    platform,
    conclude: makeConclude({ agent, gatherer, lifecycle, performance, count4xx }),
    start() {
      lifecycle.start();
      policy.start();
    },
    stop() {
      lifecycle.stop();
      policy.stop();
    },
  };
}
