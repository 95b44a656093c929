/**
 * Everything that watches and diagnoses: a chunk of its own, loaded right after the grant, while the network works. Listens to nothing
 * before `start`.
 */
import { watchSleep } from '@outcry/core';
import type { Agent, Platform } from '@outcry/core';
import { makeConclude } from './conclude.js';
import type { Started } from './conclude.js';
import { makeGatherer } from './evidence.js';
import { makeFollow } from './follow.js';
import type { Followed } from './follow.js';
import { watchLeaving } from './leaving.js';
import type { Lifecycle } from './lifecycle.js';
import { watchNetwork } from './network.js';
import type { PolicyWatch } from './policy.js';
import { makeProbes } from './probes/round.js';
import { rememberReached } from './reached.js';
import { allowed } from './scope.js';
import type { Scope } from './scope.js';
import { makeTimings } from './timings.js';
import { watchBodies } from './watch/body.js';
import { watchElements } from './watch/elements.js';
import type { Begin } from './watch/ending.js';
import { watchPreflights } from './watch/preflight.js';
import { watchEventSources, watchWebSockets } from './watch/sockets.js';

export interface Diagnosing {
  /** Follows a request that just began. */
  readonly follow: (request: Started) => Followed;
  /**
   * @param sinceMark - What began before is not looked at, by `performance.now()`.
   * @param epoch - Of the consent.
   */
  start(sinceMark: number, epoch: number): void;
  stop(): void;
}

export interface DiagnosisParts {
  readonly scope: Scope;
  readonly platform: Platform;
  readonly agent: Agent;
  readonly lifecycle: Lifecycle;
  readonly policy: PolicyWatch;
  readonly begin: Begin;
  readonly hosts: readonly string[];
  readonly landmarks: Readonly<Record<string, readonly string[]>>;
  readonly count4xx: boolean;
}

/** The browsers of one engine behave alike. Everything on iOS is WebKit. */
export function engineOf({ runtime, os }: Pick<Platform, 'runtime' | 'os'>): 'chromium' | 'firefox' | 'other' {
  if (os === 'ios') return 'other';
  if (runtime === 'firefox') return 'firefox';
  return ['chrome', 'edge', 'opera', 'samsung'].includes(runtime) ? 'chromium' : 'other';
}

/** Host names by the watched host whose landmark they are. */
function namesOf(landmarks: DiagnosisParts['landmarks']): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(landmarks).flatMap(([host, urls]) =>
      urls.filter((url) => /^https?:/.test(url)).map((url) => [new URL(url).hostname, host] as const),
    ),
  );
}

export function makeDiagnosis(parts: DiagnosisParts): Diagnosing {
  const { scope, platform, agent, lifecycle, policy, begin, hosts, landmarks, count4xx } = parts;
  const { now, random, setTimer, fetchFn, online } = platform;
  const { performance, navigator } = scope;
  const mark = (): number => performance.now();
  const engine = engineOf(platform);
  const names = namesOf(landmarks);
  const timings = makeTimings({
    performance,
    Observer: (scope as Partial<Scope>).PerformanceObserver,
    engine,
    watched: (hostname) => agent.watched(hostname),
    sameAs: (hostname) => names.get(hostname) ?? hostname,
  });
  const leaving = watchLeaving(scope, now);
  const network = watchNetwork(scope, mark);
  const connection = (scope as Partial<Scope>).RTCPeerConnection;
  const probes = makeProbes({ fetchFn, mark, setTimer, now, landmarks, connection, mayProbe: () => agent.mayProbe() });
  const hasWorker = (): boolean => Boolean(allowed(() => (navigator.serviceWorker as ServiceWorkerContainer | undefined)?.controller));
  const preflights = watchPreflights(scope.XMLHttpRequest.prototype);
  const reached = rememberReached({ agent, hosts, platform });
  const gatherer = makeGatherer({
    agent,
    lifecycle,
    policy,
    probes,
    timings,
    now,
    random,
    setTimer,
    online,
    engine,
    linux: platform.os === 'linux',
    hasWorker,
    asksFirst: preflights.asksFirst,
    reached,
  });
  const conclude = makeConclude({ agent, gatherer, lifecycle, leaving, network, timings, count4xx });
  const bodies = watchBodies(scope);
  const follow = makeFollow({ conclude, sleep: watchSleep(now, setTimer), bodies, mark, setTimer });
  const elements = watchElements(scope.document, (url, resource, ending) => {
    const startedMark = timings.startOf(url);
    if (startedMark !== 'before') begin(url, 'GET', resource, startedMark)?.(ending);
  });
  const parallel = [
    timings,
    leaving,
    network,
    preflights,
    bodies,
    elements,
    ...('WebSocket' in scope ? [watchWebSockets(scope, begin)] : []),
    ...('EventSource' in scope ? [watchEventSources(scope, begin, engine !== 'firefox')] : []),
  ];
  return {
    follow,
    start(sinceMark, epoch) {
      for (const each of parallel) each.start(sinceMark);
      reached.start(epoch);
    },
    stop() {
      for (const each of [...parallel, reached, gatherer]) each.stop();
    },
  };
}
