/** Gathers what can be known about one failed request. Asks others only as often as allowed, and never longer than the page stays. */
import type { Agent, Platform } from '@outcry/core';
import type { Evidence } from './diagnose.js';
import type { Lifecycle } from './lifecycle.js';
import type { PolicyWatch } from './policy.js';
import type { Probes } from './probe.js';
import type { Ending } from './watch/ending.js';

/** Policy events arrive a task later than the rejection; the rest of the wait keeps many clients from asking in one moment. */
export const EVENTS_MS = 50;
const JITTER_MS = 250;
const ONCE_REACHED_MS = 60_000;
const NEVER_REACHED_MS = 600_000;

export type Timings = Pick<Performance, 'getEntriesByName'>;

/** The Resource Timing entry of the request to `url` that started at `startedMark` (`performance.now()`), if the browser kept one. */
export function entryOf(performance: Timings, { href }: URL, startedMark: number): PerformanceResourceTiming | undefined {
  const entries = performance.getEntriesByName(href, 'resource') as PerformanceResourceTiming[];
  return entries.findLast(({ startTime }) => startTime >= startedMark - 1);
}

export interface EndedRequest {
  readonly url: URL;
  readonly ending: Ending;
  readonly startedMark: number;
  readonly elapsedMs: number;
}

export interface EvidenceParts extends Pick<Platform, 'now' | 'random' | 'setTimer' | 'online' | 'runtime'> {
  readonly agent: Pick<Agent, 'compareWitness'>;
  readonly lifecycle: Pick<Lifecycle, 'onLeave'>;
  readonly policy: Pick<PolicyWatch, 'stopped'>;
  readonly probes: Probes;
  readonly performance: Timings;
}

export interface Gatherer {
  /** Never rejects. Takes 0 to 9 seconds; ends at once when the page is hidden. */
  gather(request: EndedRequest): Promise<Evidence>;
  /** An answer of this origin was read (or, when `readable` is false, came opaque). */
  answered(origin: string, readable: boolean): void;
}

type Compared = Pick<Evidence, 'witnessesAsked' | 'witnessesReached'>;
const NONE: Compared = { witnessesAsked: 0, witnessesReached: 0 };

export function makeGatherer(parts: EvidenceParts): Gatherer {
  const { agent, lifecycle, policy, probes, performance, now, random, setTimer, online, runtime } = parts;
  const read = new Set<string>();
  let last = NONE;
  let lastAtMs = -Infinity;

  async function compare(host: string): Promise<Compared> {
    const answers = await agent.compareWitness(host);
    // What the page's policy stopped was never asked.
    const asked = answers?.filter(({ url }) => policy.stopped(new URL(url)) === 'none');
    if (asked) {
      last = { witnessesAsked: asked.length, witnessesReached: asked.filter(({ reached }) => reached).length };
      lastAtMs = now();
    }
    return Math.abs(now() - lastAtMs) < (last.witnessesReached ? ONCE_REACHED_MS : NEVER_REACHED_MS) ? last : NONE;
  }

  return {
    answered(origin, readable) {
      if (readable) read.add(origin);
      if (!last.witnessesReached) last = NONE;
      probes.healed(origin);
    },
    async gather(request) {
      const { url, ending, elapsedMs } = request;
      let evidence: Evidence = {
        ...ending,
        ...NONE,
        elapsedMs: Math.round(elapsedMs),
        online: online(),
        policy: 'none',
        probe: 'not_run',
        readBefore: read.has(url.origin),
        trace: 'none',
      };
      if (ending.how === 'answered') return evidence;
      const stops: (() => void)[] = [];
      const left = new Promise<void>((resolve) => stops.push(lifecycle.onLeave(resolve)));
      const ask = async (): Promise<void> => {
        await new Promise<void>((resolve) => stops.push(setTimer(resolve, EVENTS_MS + random() * JITTER_MS)));
        evidence = { ...evidence, policy: policy.stopped(url) };
        if (evidence.policy !== 'none' || !evidence.online) return;
        const keep = (found: Partial<Evidence>): void => void (evidence = { ...evidence, ...found });
        await Promise.all([probes.ask(url.origin).then((probe) => keep({ probe })), compare(url.hostname).then(keep)]);
      };
      await Promise.race([ask().catch(() => undefined), left]);
      for (const stop of stops) stop();
      const end = runtime === 'firefox' && !evidence.statusCode ? entryOf(performance, url, request.startedMark)?.responseEnd : undefined;
      return end === undefined ? evidence : { ...evidence, trace: end > 0 ? 'connection' : 'no_connection' };
    },
  };
}
