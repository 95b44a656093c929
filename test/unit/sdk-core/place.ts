/** A platform for tests: real fetch, real crypto, a clock that only moves when told. */
import { randomBytes, webcrypto } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { checkOptions, createAgent, makeMemoryStore } from '../../../sdk-core/src/index.js';
import type { Agent, AgentEvent, OutcryOptions, Platform, Store } from '../../../sdk-core/src/index.js';
import type { ObservedFailure } from '../../../sdk-core/src/index.js';
import { KEYS } from './collector.js';
import { makeUnderWay } from './under-way.js';

const TURN_MS = 5;

export interface Clock {
  nowMs: number;
  /** Moves the clock, running what falls due in order, and lets real I/O settle in between. */
  advance(ms: number): Promise<void>;
  /** The same for code without I/O. */
  step(ms: number): void;
  /** Sets the clock, while every timer runs on as it was: a device that slept, or a clock set right. */
  jump(ms: number): void;
  setTimer: Platform['setTimer'];
  readonly pending: number;
  /** Whether a timer falls due in about `s` seconds. */
  waitsFor(s: number): boolean;
}

/** Lets real I/O settle, in turns of the event loop, each of which does all that is there: a machine that stands still lets nothing pass. */
export async function settle(ms = 30): Promise<void> {
  for (let left = ms; left > 0; left -= TURN_MS) await new Promise((resolve) => setTimeout(resolve, Math.min(left, TURN_MS)));
}

/** Waits until `holds`, at most 15 s. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 1_500; left > 0; left--) {
    if (await holds()) return;
    await settle(10);
  }
  throw new Error('waited in vain');
}

/** @param rest - Waits until what the code under test has under way is done. */
export function makeClock(nowMs = Date.UTC(2026, 10, 22, 12, 0, 0), rest: () => Promise<void> = settle): Clock {
  const timers = new Set<{ atMs: number; readonly run: () => void }>();
  const clock: Clock = {
    nowMs,
    get pending() {
      return timers.size;
    },
    waitsFor: (s) => [...timers].some(({ atMs }) => Math.round((atMs - clock.nowMs) / 1_000) === s),
    setTimer(run, ms) {
      const timer = { atMs: clock.nowMs + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    jump(ms) {
      clock.nowMs += ms;
      for (const timer of timers) timer.atMs += ms;
    },
    step(ms) {
      const endMs = clock.nowMs + ms;
      while (runNext(endMs));
      clock.nowMs = endMs;
    },
    async advance(ms) {
      const endMs = clock.nowMs + ms;
      while (runNext(endMs)) await rest();
      clock.nowMs = endMs;
      await rest();
    },
  };

  function runNext(endMs: number): boolean {
    const next = [...timers].filter(({ atMs }) => atMs <= endMs).sort((x, y) => x.atMs - y.atMs)[0];
    if (!next) return false;
    timers.delete(next);
    clock.nowMs = Math.max(clock.nowMs, next.atMs);
    next.run();
    return true;
  }
  return clock;
}

const realTimer: Platform['setTimer'] = (run, ms) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

export interface Place {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly platform: Platform;
  readonly store: Store;
  readonly events: AgentEvent[];
  /** The network came back; with `false` the page is looked at again. */
  readonly wake: (isOtherNetwork?: boolean) => void;
}

export const RECEIPT = { text: 'v3', textHash: 'A'.repeat(43), at: '2026-11-22T11:00:00Z', method: 'dialog' } as const;

export function optionsFor(collectors: string[], more: Partial<OutcryOptions> = {}): OutcryOptions {
  return {
    project: 'shop',
    release: '4.2.1',
    hosts: ['api.shop.example'],
    collectors,
    recipientKey: KEYS.publicKey,
    witnesses: [],
    ...more,
  };
}

export function makePlace(collectors: string[], more: Partial<OutcryOptions> = {}, changes: Partial<Platform> = {}): Place {
  const underWay = makeUnderWay();
  const clock = makeClock(undefined, underWay.rest);
  const store = changes.store ?? makeMemoryStore();
  const events: AgentEvent[] = [];
  let wake: (isOtherNetwork: boolean) => void = () => undefined;
  const platform: Platform = {
    now: () => clock.nowMs,
    random: Math.random,
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    subtle: underWay.follow(webcrypto.subtle as unknown as SubtleCrypto),
    withSenderLock: (work) => work(new AbortController().signal),
    setTimer: clock.setTimer,
    networkTimer: realTimer,
    source: 'sdk-browser',
    runtime: 'chrome',
    runtimeMajor: 156,
    os: 'linux',
    online: () => true,
    connection: () => 'wifi',
    deflate: (bytes) => Promise.resolve(new Uint8Array(deflateRawSync(bytes))),
    onWake(run) {
      wake = run;
      return () => (wake = () => undefined);
    },
    ...changes,
    store: underWay.follow(store),
    fetchFn: underWay.followCall(changes.fetchFn ?? fetch),
  };
  const agent = createAgent(checkOptions(optionsFor(collectors, more), platform.source), platform);
  agent.onEvent((event) => events.push(event));
  return { agent, clock, platform, store, events, wake: (isOtherNetwork = true) => wake(isOtherNetwork) };
}

export function failureAt(startedAtMs: number, more: Partial<ObservedFailure> = {}): ObservedFailure {
  return {
    host: 'api.shop.example',
    scheme: 'https',
    method: 'GET',
    resource: 'fetch',
    diagnosis: { type: 'tcp.refused', phase: 'connection', kind: 'routing', confidence: 0.9, evidence: ['closed port'] },
    elapsedMs: 37,
    statusCode: 0,
    protocol: 'unknown',
    startedAtMs,
    ...more,
  };
}
