/** The fleet as the demo sees it: a few processes, one set of numbers. */
import { startChild, type Child } from '../processes/child.js';
import type { FleetAgentPlan, FleetEvent, FleetSettings, Tally } from './fleet-messages.js';
import { drawAddresses, labelOf } from './networks.js';

export interface FleetOptions extends Omit<FleetSettings, 'agents'> {
  readonly agents: number;
  readonly processes: number;
  readonly output?: number | undefined;
  readonly onProgress: (line: string) => void;
  readonly onTally: (networks: readonly Tally[]) => void;
  readonly onGone: (why: string) => void;
}

export interface LiveFacts {
  readonly requests: number;
  readonly failed: number;
  readonly delivered: number;
  readonly kept: number;
}

export interface Fleet {
  readonly pids: readonly number[];
  /** Resolves when history is made and delivered, with its numbers. */
  readonly live: Promise<LiveFacts>;
  stop(): Promise<void>;
}

/** Four of five clients run the newest release. */
const RELEASES = ['4.2.1', '4.2.1', '4.2.1', '4.2.1', '4.2.0'];
export const STOP_GRACE_MS = 800;

/** The fleet's clients: networks in turn, so that every process has some of each. Pure but for reading the network data. */
export function planAgents(agents: number): FleetAgentPlan[] {
  const perNetwork = drawAddresses(agents).map(({ network, addresses }) =>
    addresses.map((address) => ({ network: labelOf(network), edgeHost: network.edgeHost, address })),
  );
  const longest = Math.max(...perNetwork.map(({ length }) => length));
  const plans = Array.from({ length: longest }, (_, index) => perNetwork.flatMap((plans) => plans[index] ?? [])).flat();
  return plans.map((plan, id) => ({ id, ...plan, release: RELEASES[Math.floor(id / perNetwork.length) % RELEASES.length] ?? '4.2.1' }));
}

/** Starts the fleet's processes. Rejects when one does not start. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { agents, processes, output, onProgress, onTally, onGone, ...shared } = options;
  const plans = planAgents(agents);
  const parts = Array.from({ length: processes }, (_, part) => plans.filter((_plan, index) => index % processes === part));
  const shares = parts.map(() => 0);
  const delivering = parts.map(() => 0);
  const facts: LiveFacts[] = [];
  let goLive: (all: LiveFacts) => void = () => undefined;
  let failLive: (error: Error) => void = () => undefined;
  const live = new Promise<LiveFacts>((resolve, reject) => {
    goLive = resolve;
    failLive = reject;
  });
  live.catch(() => undefined);
  const counts = parts.map(() => ({ requests: 0, failed: 0 }));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

  const hear = (part: number, event: FleetEvent): void => {
    if (event.is === 'history') {
      shares[part] = event.share;
      counts[part] = event;
      const percent = Math.floor((100 * sum(shares)) / processes);
      onProgress(
        `history ${percent} %: ${sum(counts.map((count) => count.requests))} requests made, ${sum(counts.map((count) => count.failed))} of them failed`,
      );
    } else if (event.is === 'delivering') {
      delivering[part] = event.agents;
      onProgress(`history made; ${sum(delivering)} of ${agents} agents have delivered theirs`);
    } else if (event.is === 'live') {
      facts.push(event);
      if (facts.length < processes) return;
      const total = (name: keyof LiveFacts): number => sum(facts.map((one) => one[name]));
      goLive({ requests: total('requests'), failed: total('failed'), delivered: total('delivered'), kept: total('kept') });
    } else onTally(event.networks);
  };

  const module = new URL('./fleet-process.js', import.meta.url);
  const starts = await Promise.allSettled(
    parts.map((part, index) =>
      startChild({
        name: `fleet ${index + 1}`,
        module,
        settings: { ...shared, agents: part } satisfies FleetSettings,
        output,
        onEvent: (event) => hear(index, event as FleetEvent),
        onGone: (why) => {
          failLive(new Error(`a part of the fleet ended by itself (${why})`));
          onGone(why);
        },
      }),
    ),
  );
  const children: Child[] = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop(STOP_GRACE_MS)));
  };
  const failure = starts.find((start) => start.status === 'rejected');
  if (failure) {
    await stop();
    throw failure.reason;
  }
  return { pids: children.map(({ pid }) => pid), live, stop };
}
