import { checkOptions, createAgent } from '@outcry/core';
import type { AgentEvent, Outcry, OutcryOptions } from '@outcry/core';
import { flushBeforeExit } from './flush-before-exit.js';
import { hasNoNetwork } from './interfaces.js';
import { claimOwn } from './own-requests.js';
import { makePlatform } from './platform.js';
import type { NodePlatform } from './platform.js';
import { watchHttp } from './watch-http.js';
import { watchUndici } from './watch-undici.js';
import { makeWatch } from './watch.js';

export interface NodeOutcry extends Outcry {
  /** What happens inside, for a log or a page; never leaves the process by itself. The result stops it. */
  onEvent(listen: (event: AgentEvent) => void): () => void;
}

/**
 * Starts an agent in this process. It watches `fetch`, undici, `http` and `https` requests to `hosts` while consent is granted.
 *
 * @param options - See docs/reference/sdk.md. `consent: 'granted'` without a receipt is the operator's own decision.
 * @param platform - Parts of the place to run in that differ, such as a shifted clock; for tests and simulations.
 * @throws OutcryError for wrong options: OUTCRY_BAD_OPTION, OUTCRY_BAD_COLLECTOR_URL, OUTCRY_BAD_PUBLIC_KEY, OUTCRY_BAD_RECEIPT.
 */
export function init(options: OutcryOptions, platform?: Partial<NodePlatform>): NodeOutcry {
  const checked = checkOptions(options, 'sdk-node');
  const place = makePlatform(checked, platform);
  const paths = ['/v1/reports', `/v1/config/${checked.project}`];
  claimOwn([...checked.collectors.flatMap((origin) => paths.map((path) => origin + path)), ...checked.witnesses]);
  const agent = createAgent(checked, place);
  const watch = makeWatch({
    agent,
    count4xx: checked.count4xx,
    now: place.now,
    accept: place.accept,
    noNetwork: hasNoNetwork,
    setTimer: place.setTimer,
  });
  let unhook: (() => void) | undefined;

  /** No channel is listened to without consent. */
  function hook(): void {
    if (agent.isGranted() === (unhook !== undefined)) return;
    unhook?.();
    const stops = agent.isGranted() ? [watchUndici(watch), watchHttp(watch)] : undefined;
    unhook = stops && ((): void => stops.forEach((stop) => stop()));
  }

  hook();
  const stopExit = flushBeforeExit(agent);
  const { preview, sent, report, pending, onEvent } = agent;
  return {
    get consent() {
      return agent.consent;
    },
    setConsent(state, receipt) {
      watch.settle();
      const done = agent.setConsent(state, receipt);
      hook();
      return done;
    },
    preview,
    sent,
    report,
    flush() {
      watch.settle();
      return agent.flush();
    },
    pending,
    onEvent,
    async close() {
      stopExit();
      watch.settle();
      const closed = agent.close();
      hook();
      await closed;
    },
  };
}
