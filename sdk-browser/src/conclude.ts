/** From the end of a watched request to what the agent is told: counted, and where it failed, diagnosed and reported. */
import { outcomeOf } from '@outcry/core';
import type { Agent } from '@outcry/core';
import { diagnose } from './diagnose.js';
import { entryOf } from './evidence.js';
import type { Gatherer, Timings } from './evidence.js';
import type { Lifecycle } from './lifecycle.js';
import type { Ending } from './watch/ending.js';

/** A plain abort after this long without an answer, in a page that was looked at, counts as a timeout. */
const PATIENCE_MS = 10_000;

/** A watched request, when it started. */
export interface Started {
  readonly url: URL;
  readonly method: string;
  readonly resource: string;
  readonly startedAtMs: number;
  /** By `performance.now()`. */
  readonly startedMark: number;
  /** The consent under which it started still stands. */
  readonly stands: () => boolean;
}

export interface ConcludeParts {
  readonly agent: Pick<Agent, 'routeOf' | 'observe' | 'fail'>;
  readonly gatherer: Gatherer;
  readonly lifecycle: Pick<Lifecycle, 'isClosing' | 'visibleSince'>;
  readonly performance: Timings;
  readonly count4xx: boolean;
}

/** The result never rejects. */
export function makeConclude({ agent, gatherer, lifecycle, performance, count4xx }: ConcludeParts) {
  return async (request: Started, ending: Ending, elapsedMs: number): Promise<void> => {
    const { url, method, resource, startedAtMs, startedMark, stands } = request;
    const { how, statusCode, silent } = ending;
    const host = url.hostname;
    const observe = (outcome: 'succeeded' | 'failed' | 'aborted'): void => agent.observe({ host, outcome, startedAtMs });
    if (!stands()) return;

    if (how === 'answered') {
      gatherer.answered(url.origin, statusCode > 0);
      if (statusCode < (count4xx ? 400 : 500)) {
        observe('succeeded');
        return;
      }
    }
    if (how === 'aborted' && !(silent && elapsedMs >= PATIENCE_MS && lifecycle.visibleSince(startedAtMs))) {
      observe('aborted');
      return;
    }
    const diagnosis = diagnose(await gatherer.gather({ url, ending, startedMark, elapsedMs }));
    if (!stands()) return;
    // What a page that is being left cuts off has not failed.
    if (how !== 'answered' && lifecycle.isClosing()) {
      observe('aborted');
      return;
    }
    observe(outcomeOf(diagnosis.kind));
    agent.fail({
      host,
      scheme: url.protocol.slice(0, -1),
      method,
      resource,
      route: agent.routeOf(url.pathname),
      diagnosis,
      elapsedMs,
      statusCode,
      protocol: entryOf(performance, url, startedMark)?.nextHopProtocol || 'unknown',
      startedAtMs,
    });
  };
}
