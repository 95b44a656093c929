/** From the end of a watched request, or its long silence, to what the agent is told: counted, and where it failed, diagnosed and reported. */
import { outcomeOf } from '@outcry/core';
import type { Agent } from '@outcry/core';
import type { Diagnosis } from '@outcry/protocol';
import { diagnose } from './diagnose/diagnose.js';
import type { Gatherer } from './evidence.js';
import type { Leaving } from './leaving.js';
import type { NetworkWatch } from './network.js';
import type { Lifecycle } from './lifecycle.js';
import type { Timings } from './timings.js';
import type { Call, Ending, Resource } from './watch/ending.js';

/** A plain abort after this long without an answer, in a page that was looked at, counts as a timeout. */
const PATIENCE_MS = 10_000;
const ELEMENTS: readonly Resource[] = ['script', 'image', 'style', 'media'];

/** A watched request, when it started. */
export interface Started {
  /** Over HTTP, also of a WebSocket. */
  readonly url: URL;
  readonly scheme: string;
  readonly method: string;
  readonly resource: Resource;
  readonly startedAtMs: number;
  /** By `performance.now()`. */
  readonly startedMark: number;
  readonly call?: Call;
  /** The consent under which it started still stands. */
  readonly stands: () => boolean;
}

export interface ConcludeParts {
  readonly agent: Pick<Agent, 'routeOf' | 'observe' | 'fail'>;
  readonly gatherer: Gatherer;
  readonly lifecycle: Pick<Lifecycle, 'isClosing' | 'visibleSince'>;
  readonly leaving: Pick<Leaving, 'isLeaving'>;
  readonly network: Pick<NetworkWatch, 'changedSince'>;
  readonly timings: Pick<Timings, 'entryOf' | 'answered'>;
  readonly count4xx: boolean;
}

/** What is known of the request besides its ending. */
export interface Course {
  readonly elapsedMs: number;
  /** The page did not run all the time. */
  readonly slept: boolean;
  /** What was reported of it while it was silent. */
  readonly reported: Diagnosis | undefined;
  /** Another part of it than the headers failed after it was counted. */
  readonly counted: boolean;
}

export interface Conclude {
  /** Headers came; 0 for an answer that the page may not read. */
  answered(request: Started, statusCode: number): void;
  /** Never rejects. */
  ended(request: Started, ending: Ending, course: Course): Promise<void>;
  /**
   * Of a request that is silent for long.
   *
   * @param waits - It still is.
   * @returns What was reported; undefined where the host answers others, or it ended meanwhile. Never rejects.
   */
  silent(request: Started, elapsedMs: () => number, waits: () => boolean): Promise<Diagnosis | undefined>;
}

export function makeConclude({ agent, gatherer, lifecycle, leaving, network, timings, count4xx }: ConcludeParts): Conclude {
  const report = (request: Started, diagnosis: Diagnosis, elapsedMs: number, statusCode: number): void => {
    const { url, scheme, method, resource, startedAtMs, startedMark } = request;
    agent.fail({
      host: url.hostname,
      scheme,
      method,
      resource,
      route: agent.routeOf(url.pathname),
      diagnosis,
      elapsedMs,
      statusCode,
      protocol: timings.entryOf(url, startedMark)?.nextHopProtocol || 'unknown',
      startedAtMs,
    });
  };

  return {
    answered(request, statusCode) {
      if (request.stands()) gatherer.answered(request, statusCode > 0);
    },
    async ended(request, ending, { elapsedMs, slept, reported, counted }) {
      const { url, resource, startedAtMs, startedMark, stands } = request;
      const { how, statusCode, silent } = ending;
      const observe = (outcome: 'succeeded' | 'failed' | 'aborted'): void => {
        if (!counted) agent.observe({ host: url.hostname, outcome, startedAtMs });
      };
      if (!stands()) return;

      if (how === 'answered') {
        timings.answered(url, startedMark);
        if (statusCode < (count4xx ? 400 : 500)) {
          observe('succeeded');
          return;
        }
      }
      const patient = silent && elapsedMs >= PATIENCE_MS && lifecycle.visibleSince(startedAtMs);
      if (how !== 'answered' && (slept || (how === 'aborted' && !patient && !reported))) {
        observe('aborted');
        return;
      }
      if (reported) {
        observe(outcomeOf(reported.kind));
        return;
      }
      const diagnosis = diagnose(await gatherer.gather({ ...request, ending, elapsedMs, pending: false }));
      if (!stands()) return;
      // Names, ways and handshakes were tried again on the new network.
      const cutOff = network.changedSince(startedMark) && /http|timeout|unknown/.test(diagnosis.kind);
      // What a page that is being left cuts off has not failed, nor what a change of networks does.
      if (how !== 'answered' && (lifecycle.isClosing() || leaving.isLeaving() || cutOff)) {
        observe('aborted');
        return;
      }
      // An image that is none fails too; only what the network did is told.
      if (diagnosis.kind === 'unknown' && ELEMENTS.includes(resource)) {
        observe('aborted');
        return;
      }
      observe(outcomeOf(diagnosis.kind));
      report(request, diagnosis, elapsedMs, statusCode);
    },
    async silent(request, elapsedMs, waits) {
      const { startedAtMs, stands } = request;
      const quiet = (): boolean => stands() && waits() && lifecycle.visibleSince(startedAtMs) && !leaving.isLeaving();
      if (!quiet()) return undefined;
      const ending: Ending = { how: 'timer', statusCode: 0, silent: true };
      const evidence = await gatherer.gather({ ...request, ending, elapsedMs: elapsedMs(), pending: true });
      // A server that thinks is not silent to others: the app's own limit decides.
      if (!quiet() || evidence.probe === 'answered' || evidence.probe === 'not_run') return undefined;
      const diagnosis = diagnose(evidence);
      report(request, diagnosis, elapsedMs(), 0);
      return diagnosis;
    },
  };
}
