/** What the two watchers share: which requests they look at, and what they tell of a finished one. */
import { outcomeOf, watchSleep } from '@outcry/core';
import type { Agent, SleepWatch } from '@outcry/core';
import type { Diagnosis } from '@outcry/protocol';
import { diagnose } from './diagnose.js';
import type { ErrorFacts, Evidence } from './diagnose.js';
import { makeLastMile, mayBeLastMile, weigh } from './last-mile.js';
import { isOwn } from './own-requests.js';
import { leftOpen, refine } from './refine.js';
import { makeWayProbe } from './way-probe.js';

/** Failures that wait for the witnesses' answer, or for the way to be gone once more; more are told as they look. */
const MAX_PENDING = 500;

/** One watched request under way. */
export interface Track {
  readonly resource: 'fetch' | 'http';
  readonly host: string;
  readonly port: number;
  readonly scheme: string;
  readonly method: string;
  readonly route: string | null;
  readonly startedAtMs: number;
  readonly startedMonotonicMs: number;
  stage: Evidence['stage'];
  exactStage: boolean;
  statusCode: number;
  protocol: string;
  readonly asleep: ReturnType<SleepWatch['awake']>;
}

export interface WatchParts {
  readonly agent: Agent;
  readonly count4xx: boolean;
  readonly now: () => number;
  /** Asked when a request is created, in the async context of its caller. */
  readonly accept: () => boolean;
  readonly noNetwork: () => boolean;
  /** Runs once; the result cancels it. */
  readonly setTimer: (run: () => void, ms: number) => () => void;
}

export interface Watch {
  /** A track for a request that is ours to watch. */
  begin(request: {
    resource: Track['resource'];
    origin: string;
    scheme: string;
    host: string;
    path: string;
    method: string;
  }): Track | undefined;
  /** Ends it: with an error, or by its status alone. Only the first end counts. */
  finish(track: Track, error?: ErrorFacts): void;
  /** Tells at once, as they look, of the failures for which witnesses are being asked. */
  settle(): void;
}

/** Behind a proxy, the direct way is not the one that requests go. */
const behindProxy = Object.keys(process.env).some((name) => /^(https?|all)_proxy$/i.test(name));

const portOf = (origin: string, scheme: string): number => Number(/:(\d+)$/.exec(origin)?.[1] ?? (scheme === 'https' ? 443 : 80));

export function makeWatch({ agent, count4xx, now, accept, noNetwork, setTimer }: WatchParts): Watch {
  const ended = new WeakSet<Track>();
  const lastMile = makeLastMile(agent, now);
  const ways = makeWayProbe(now, () => (behindProxy ? Promise.resolve(false) : agent.mayProbe()));
  const sleep = watchSleep(now, setTimer);
  const pending = new Set<() => void>();
  return {
    settle() {
      pending.forEach((tell) => tell());
      ways.cancel();
    },
    begin({ resource, origin, scheme, host, path, method }) {
      if (!agent.isGranted() || !agent.watched(host) || isOwn(origin + path) || !accept()) return undefined;
      return {
        resource,
        host: host.toLowerCase(),
        port: portOf(origin, scheme),
        scheme,
        method,
        route: agent.routeOf(path.split(/[?#]/, 1)[0] ?? ''),
        startedAtMs: now(),
        startedMonotonicMs: performance.now(),
        stage: 'unknown',
        exactStage: false,
        statusCode: 0,
        protocol: 'unknown',
        asleep: sleep.awake(),
      };
    },
    finish(track, error) {
      if (ended.has(track)) return;
      ended.add(track);
      const slept = track.asleep.end();
      const { host, startedAtMs, statusCode } = track;
      if (!error) {
        lastMile.answered();
        ways.cancel(host);
      }
      if (!error && statusCode < (count4xx ? 400 : 500)) {
        agent.observe({ host, startedAtMs, outcome: 'succeeded' });
        return;
      }
      const elapsedMs = performance.now() - track.startedMonotonicMs;
      // A timer that ran on, or a connection that is gone after a sleep, says nothing of the service; a status still does.
      const diagnosis = slept && error ? null : diagnose({ ...track, elapsedMs, error, noNetwork: error !== undefined && noNetwork() });
      const tell = (told: Diagnosis | null): void => {
        agent.observe({ host, startedAtMs, outcome: told ? outcomeOf(told.kind) : 'aborted' });
        if (told) agent.fail({ ...track, diagnosis: told, elapsedMs });
      };
      const open = diagnosis && leftOpen(diagnosis);
      if (!diagnosis || !(open || mayBeLastMile(diagnosis)) || pending.size >= MAX_PENDING) {
        tell(diagnosis);
        return;
      }
      const tellNow = (): void => {
        if (pending.delete(tellNow)) tell(diagnosis);
      };
      pending.add(tellNow);
      const { port, scheme } = track;
      const probed = open ? ways.probe({ host, port, scheme, onlyName: open === 'name' }) : undefined;
      void Promise.all([lastMile.compare(host), probed]).then(([compared, found]) => {
        if (pending.delete(tellNow)) tell(weigh(open ? refine(diagnosis, open, found) : diagnosis, compared));
      });
    },
  };
}

/** Wraps a channel listener so that nothing of ours ever reaches the app. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- it names the shape of the channel's messages
export function quiet<T>(listen: (message: T) => void): (message: unknown) => void {
  return (message) => {
    try {
      listen(message as T);
    } catch {
      // A message of an unforeseen shape: this request is not watched.
    }
  };
}
