/** One client: the real agent on a store that outlives it, in an app that is used now and then and tries again when it fails. */
import { randomBytes } from 'node:crypto';
import { checkOptions, createAgent, makeMemoryStore, removeNel, startSession } from '../../../sdk-core/src/index.js';
import type { Agent, Platform, Store } from '../../../sdk-core/src/index.js';
import { ORIGINS, RECIPIENT } from './collectors.js';
import type { Collectors, Way } from './collectors.js';
import { seeded } from './seeded.js';
import type { VirtualClock } from './virtual-clock.js';

/** What surrounds a client, changing with time. */
export interface World {
  readonly clock: VirtualClock;
  readonly collectors: Collectors;
  readonly subtle: SubtleCrypto;
  isServiceUp(): boolean;
  wayTo(client: number, origin: string): Way;
  isOnline(client: number): boolean;
}

export interface Client {
  readonly number: number;
  readonly agent: Agent;
  /** Failures told to the agent, dropped by its stated bounds, and lost unsealed in a kill. */
  made: number;
  dropped: number;
  unsealed: number;
  /** Its process ends without a word, and another one starts on the same store. */
  kill(): Promise<void>;
  /** The network event of a device. */
  comeOnline(): void;
}

const HOST = 'api.shop.example';
const RETRY_AFTER_MS = 8_000;
const LOST = new Set(['queue_full', 'too_old', 'too_large', 'rejected', 'byte_budget', 'no_crypto', 'other']);

/** A store as one life of a process sees it: after its end nothing is written any more. */
function mortal(store: Store, life: { over: boolean }): Store {
  const never = new Promise<never>(() => undefined);
  return {
    ...store,
    epoch: () => (life.over ? never : store.epoch()),
    write: (...args) => (life.over ? never : store.write(...args)),
    update: (...args) => (life.over ? never : store.update(...args)),
  };
}

/**
 * @param meanVisitMs - Mean time between two visits.
 * @param isChatty - Each failure is of another type, so that nothing folds.
 */
export async function startClient(number: number, world: World, { meanVisitMs = 3_600_000, isChatty = false } = {}): Promise<Client> {
  const { clock, collectors, subtle } = world;
  // Apart, so that what the agent draws does not change what its user does.
  const random = seeded(2 * number);
  const habits = seeded(2 * number + 1);
  const store = makeMemoryStore();
  const options = checkOptions(
    {
      project: 'shop',
      release: String(number),
      hosts: [HOST],
      collectors: [...ORIGINS],
      witnesses: [],
      recipientKey: RECIPIENT.publicKey,
      sample: { attempts: 0.1 },
      maxBytesPerDay: 10_000_000,
      consent: 'granted',
    },
    'sdk-node',
  );
  let life = { over: false };
  let wake: (isOtherNetwork: boolean) => void = () => undefined;

  function begin(): Agent {
    const mine = (life = { over: false });
    const fetchFn = collectors.fetchFor((origin) => world.wayTo(number, origin), random);
    const platform: Platform = {
      now: clock.now,
      monotonic: clock.now,
      random,
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      subtle,
      fetchFn: (...args) => (mine.over ? new Promise(() => undefined) : fetchFn(...args)),
      store: mortal(store, mine),
      withSenderLock: (work) => work(new AbortController().signal),
      setTimer: (run, ms) => clock.setTimer(() => !mine.over && run(), ms),
      source: 'sdk-node',
      runtime: 'node',
      runtimeMajor: 20,
      os: 'linux',
      online: () => world.isOnline(number),
      connection: () => 'unknown',
      onWake(run) {
        wake = run;
        return () => undefined;
      },
    };
    const agent = createAgent(options, platform, () => Promise.resolve({ startSession, removeNel }));
    agent.onEvent((event) => {
      if (!mine.over && event.kind === 'dropped' && LOST.has(event.reason)) client.dropped += event.count;
    });
    return agent;
  }

  const client = {
    number,
    made: 0,
    dropped: 0,
    unsealed: 0,
    agent: undefined as unknown as Agent,
    async kill() {
      await clock.settle();
      client.unsealed += client.agent.preview().next.failures.reduce((sum, { count }) => sum + count, 0);
      life.over = true;
      client.agent = begin();
      await clock.settle();
    },
    comeOnline: () => wake(true),
  };

  function visit(isRetry: boolean): void {
    const startedAtMs = clock.now();
    const outcome = world.isServiceUp() && world.isOnline(number) ? 'succeeded' : 'failed';
    client.agent.observe({ host: HOST, outcome, startedAtMs });
    if (outcome === 'failed') {
      client.made++;
      const type = isChatty ? `tcp.timed_out.n${client.made}` : 'tcp.timed_out';
      const diagnosis = { type, phase: 'connection', kind: 'routing', confidence: 0.9, evidence: [] } as const;
      client.agent.fail({
        host: HOST,
        scheme: 'https',
        method: 'GET',
        resource: 'fetch',
        diagnosis,
        elapsedMs: 3_000,
        statusCode: 0,
        protocol: 'unknown',
        startedAtMs,
      });
      if (!isRetry) clock.setTimer(() => visit(true), RETRY_AFTER_MS);
    }
    if (!isRetry) planVisit();
  }
  const planVisit = (): void => void clock.setTimer(() => visit(false), -Math.log(1 - habits()) * meanVisitMs);

  client.agent = begin();
  planVisit();
  await Promise.resolve();
  return client;
}
