/** A part of the fleet: many clients with a real agent each in one process. First the history on a shifted clock, then live. */
import { setImmediate as turn } from 'node:timers/promises';
import { runRole } from '../processes/run-role.js';
import { makeFleetAgent, type FleetAgent } from './fleet-agent.js';
import { makeFleetClock } from './fleet-clock.js';
import type { FleetEvent, FleetSettings, Tally } from './fleet-messages.js';
import { makeWay } from './visit.js';

/** The shifted clock moves in steps of this many ms. */
const STEP_MS = 10_000;
const TALLY_EVERY_MS = 5_000;
/** Agents that deliver their history at the same time. */
const DELIVERING_AT_ONCE = 20;

runRole(async (raw, emitAny) => {
  const settings = raw as FleetSettings;
  const emit = (event: FleetEvent): void => emitAny(event);
  const clock = makeFleetClock(settings.historyFromMs ?? undefined);
  const ways = new Map(settings.agents.map(({ edgeHost }) => [edgeHost, makeWay(edgeHost)] as const));
  const running = new Set<Promise<unknown>>();
  const tallies = new Map<string, { made: number; failed: number }>();
  let requests = 0;
  let failed = 0;

  const agents: FleetAgent[] = settings.agents.map((plan) =>
    makeFleetAgent(plan, settings, {
      clock,
      way: ways.get(plan.edgeHost) ?? makeWay(plan.edgeHost),
      onVisit: (ended) => {
        running.add(ended);
        void ended.finally(() => running.delete(ended));
      },
      onOutcome: (network, isFailure) => {
        requests += 1;
        if (isFailure) failed += 1;
        const tally = tallies.get(network) ?? { made: 0, failed: 0 };
        tallies.set(network, tally);
        tally.made += 1;
        if (isFailure) tally.failed += 1;
      },
    }),
  );

  const makeHistory = async (fromMs: number): Promise<void> => {
    const startedAtMs = Date.now();
    let saidAtMs = 0;
    while (clock.now() + STEP_MS < Date.now()) {
      clock.advance(clock.now() + STEP_MS);
      await Promise.all(running);
      await turn();
      if (Date.now() - saidAtMs > 1000) {
        saidAtMs = Date.now();
        emit({ is: 'history', share: (clock.now() - fromMs) / (startedAtMs - fromMs), requests, failed });
      }
    }
    clock.goLive();
  };
  const deliver = async (): Promise<{ delivered: number; kept: number }> => {
    const total = { delivered: 0, kept: 0 };
    const waiting = [...agents];
    let done = 0;
    const worker = async (): Promise<void> => {
      for (let agent = waiting.pop(); agent !== undefined; agent = waiting.pop()) {
        const { delivered, kept } = await agent.flush();
        total.delivered += delivered;
        total.kept += kept;
        done += 1;
        if (done % 20 === 0) emit({ is: 'delivering', agents: done, of: agents.length });
      }
    };
    await Promise.all(Array.from({ length: DELIVERING_AT_ONCE }, worker));
    return total;
  };
  const work = async (): Promise<void> => {
    for (const agent of agents) agent.begin();
    let delivery = { delivered: 0, kept: 0 };
    if (settings.historyFromMs !== null) {
      await makeHistory(settings.historyFromMs);
      delivery = await deliver();
    }
    emit({ is: 'live', requests, failed, ...delivery });
    tallies.clear();
    setInterval(() => {
      const networks: Tally[] = [...tallies].map(([network, tally]) => ({ network, ...tally }));
      tallies.clear();
      emit({ is: 'tally', networks });
    }, TALLY_EVERY_MS);
  };

  // After the answer to the parent, so that a long history is no slow start.
  setTimeout(() => void work(), 0);
  return await Promise.resolve({
    facts: { agents: agents.length },
    // A client that is switched off says nothing more; what it sealed is a demo's and need not be kept.
    stop: () => Promise.resolve(),
  });
});
