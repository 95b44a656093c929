/** One client of the shop with a real agent in it: visits the shop every minute or so, and sooner after a failure, as people do. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Agent } from 'node:http';
import { init, type Outcry } from '@outcry/node';
import type { FleetClock } from './fleet-clock.js';
import type { FleetAgentPlan, FleetSettings } from './fleet-messages.js';
import { SHOP_HOST, visit } from './visit.js';

/** Which client's code is running: many agents share one process and each takes only its own client's requests. */
const clientOfNow = new AsyncLocalStorage<number>();

/** Mean time between two visits of a client, ms. */
const VISIT_EVERY_MS = 60_000;
/** A client tries again this soon after a failure, ms. */
const RETRY_AFTER_MS = 8_000;
const PATIENCE_MS = 3_000;
/** A request of the shifted clock may take as long as the machine needs. */
const HISTORY_PATIENCE_MS = 30_000;

export interface FleetAgent {
  readonly plan: FleetAgentPlan;
  /** Plans its first visit. */
  begin(): void;
  flush: Outcry['flush'];
  close: Outcry['close'];
}

export interface FleetAgentDeps {
  readonly clock: FleetClock;
  readonly way: Agent;
  /** Told of every visit, so that a standing clock waits for its end. */
  readonly onVisit: (ended: Promise<unknown>) => void;
  readonly onOutcome: (network: string, isFailure: boolean) => void;
  readonly random?: () => number;
}

function setRealTimer(run: () => void, ms: number): () => void {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Makes the client and its agent; nothing is sent before `begin`. */
export function makeFleetAgent(plan: FleetAgentPlan, settings: FleetSettings, deps: FleetAgentDeps): FleetAgent {
  const { clock, way, onVisit, onOutcome, random = Math.random } = deps;
  let isSending = false;
  const outcry = init(
    {
      project: 'shop',
      release: plan.release,
      hosts: [SHOP_HOST],
      collectors: settings.collectors,
      recipientKey: settings.recipientKey,
      consent: 'granted',
      receipt: { text: 'demo-1', textHash: '', at: new Date(clock.now()).toISOString(), method: 'operator' },
    },
    {
      now: () => clock.now(),
      setTimer: (run, ms) => clock.setTimer(run, ms),
      networkTimer: setRealTimer,
      accept: () => clientOfNow.getStore() === plan.id,
      // What a proxy in front of the collectors would add: the address that this client would have in its network.
      fetchFn: (url, request) => {
        const headers = new Headers(request?.headers);
        headers.set('x-forwarded-for', plan.address);
        return fetch(url, { ...request, headers });
      },
      // While the clock is shifted the client counts as offline for its collectors: what it seals waits, and its times stay true.
      withSenderLock: async (work) => {
        if (!clock.isLive() || isSending) return undefined;
        isSending = true;
        try {
          return await work(new AbortController().signal);
        } finally {
          isSending = false;
        }
      },
    },
  );
  const planVisit = (meanMs: number): void => {
    const waitMs = Math.min(meanMs * 5, -Math.log(1 - random()) * meanMs);
    clock.setTimer(() => onVisit(clientOfNow.run(plan.id, go)), waitMs);
  };
  const go = async (): Promise<void> => {
    const outcome = await visit(way, settings.shopPort, clock.isLive() ? PATIENCE_MS : HISTORY_PATIENCE_MS, random);
    onOutcome(plan.network, outcome !== 'answered');
    planVisit(outcome === 'answered' ? VISIT_EVERY_MS : RETRY_AFTER_MS);
  };
  return {
    plan,
    begin: () => planVisit(VISIT_EVERY_MS),
    flush: () => outcry.flush(),
    close: () => outcry.close(),
  };
}
