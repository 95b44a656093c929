/** Gathers what can be known about one failed request. Asks others only as often as allowed, and never longer than the page stays. */
import type { Agent, Platform } from '@outcry/core';
import { NO_ICE } from './diagnose/evidence.js';
import type { Evidence, WitnessReply } from './diagnose/evidence.js';
import type { Lifecycle } from './lifecycle.js';
import { EVENTS_MS } from './policy.js';
import type { PolicyWatch } from './policy.js';
import type { Probes, Round } from './probes/round.js';
import type { Reached } from './reached.js';
import type { Timings } from './timings.js';
import type { Call, Ending, Resource } from './watch/ending.js';
import type { AsksFirst } from './watch/preflight.js';

/** The wait for policy events, and this: it keeps many clients from asking in one moment. */
const JITTER_MS = 200;
const ONCE_REACHED_MS = 60_000;
const NEVER_REACHED_MS = 600_000;
/** How long our requests may take: long enough for a slow answer, short enough that the page is likely still there. */
const CAP_MS = 4_000;
const LONGEST_CAP_MS = 8_000;
/** After eight seconds of silence, so that the diagnosis is there before twelve are over. */
const STALLED_CAP_MS = 3_400;
const TEN_TIMES_CAP_MS = 1_000;
/** Chromium needs no longer for any other fast failure. */
const REDIRECTS_TRIPS = 5;
const REDIRECTS_MS = 300;
/** Until the times of our own requests are told; of those that we end, Firefox takes its time. */
const ENTRIES_MS = 10;
const ABORTED_ENTRIES_MS = 100;
const PATHS_KEPT = 500;

/** What was asked, of whom. */
export interface AskedFor {
  readonly url: URL;
  readonly method: string;
  readonly call?: Call;
}

export interface EndedRequest extends AskedFor {
  readonly resource: Resource;
  readonly ending: Ending;
  readonly startedMark: number;
  readonly elapsedMs: number;
  /** It has not ended. */
  readonly pending: boolean;
}

export interface EvidenceParts extends Pick<Platform, 'now' | 'random' | 'setTimer' | 'online'> {
  readonly agent: Pick<Agent, 'compareWitness' | 'routeOf'>;
  readonly lifecycle: Pick<Lifecycle, 'onLeave'>;
  readonly policy: Pick<PolicyWatch, 'stopped'>;
  readonly probes: Probes;
  readonly timings: Pick<Timings, 'traceOf' | 'roundTrip' | 'isMultiplexed'>;
  readonly engine: Evidence['engine'];
  readonly linux: boolean;
  readonly hasWorker: () => boolean;
  readonly asksFirst: AsksFirst;
  readonly reached: Pick<Reached, 'has' | 'add'>;
}

export interface Gatherer {
  /** Never rejects. Takes 0 to 9 seconds; ends at once when the page is hidden. */
  gather(request: EndedRequest): Promise<Evidence>;
  /** An answer was read (or, when `readable` is false, came opaque). */
  answered(request: AskedFor, readable: boolean): void;
  /** Consent is gone: asks nothing more, and forgets what it knows. */
  stop(): void;
}

type Compared = Pick<Evidence, 'byName' | 'byAddress'>;
const NONE: Compared = { byName: [], byAddress: [] };
const isReached = ({ byName, byAddress }: Compared): boolean => [...byName, ...byAddress].includes('witness');

export function makeGatherer(parts: EvidenceParts): Gatherer {
  const { agent, lifecycle, policy, probes, timings, now, random, setTimer, online, engine, linux, hasWorker, asksFirst, reached } = parts;
  const read = new Set<string>();
  let last = NONE;
  let lastAtMs = -Infinity;
  let comparing: Promise<Partial<Evidence>> | undefined;

  /** An origin that has let such a request of this page through. */
  const permission = ({ origin }: URL): string => `may ${origin}`;
  const pathOf = ({ origin, pathname }: URL): string => origin + (agent.routeOf(pathname) ?? pathname);

  async function askWitnesses(host: string, capMs: number): Promise<Partial<Evidence>> {
    const answers = await agent.compareWitness(host, capMs);
    // What the page's policy stopped was never asked.
    const asked = answers?.filter(({ url }) => policy.stopped(new URL(url)) === 'none');
    if (asked) {
      const replies = (literal: boolean): WitnessReply[] =>
        asked
          .filter(({ isAddress }) => isAddress === literal)
          .map(({ reached, answered }) => (reached ? 'witness' : answered ? 'stranger' : 'silent'));
      last = { byName: replies(false), byAddress: replies(true) };
      lastAtMs = now();
    }
    const probedAgoMs = Math.abs(now() - lastAtMs);
    return probedAgoMs < (isReached(last) ? ONCE_REACHED_MS : NEVER_REACHED_MS) ? { ...last, probedAgoMs } : NONE;
  }
  // One question at a time serves all failures, whatever their hosts: it is about the way out.
  const compare = (host: string, capMs: number): Promise<Partial<Evidence>> =>
    (comparing ??= askWitnesses(host, capMs).finally(() => (comparing = undefined)));

  const told = (url: URL, round: Round | undefined, witnessedAgoMs: number): Partial<Evidence> =>
    round
      ? {
          probe: round.probe.reply,
          probeMs: round.probe.ms,
          probeTrace: round.probe.reply === 'answered' ? 'none' : timings.traceOf(new URL('/favicon.ico', url), round.probe.startedMark),
          probedAgoMs: Math.max(witnessedAgoMs, Math.abs(now() - round.atMs)),
          otherName: round.otherName.reply,
          otherNameMs: round.otherName.ms,
          otherPort: round.otherPort.reply,
          otherBoth: round.otherBoth.reply,
          ice: round.ice,
          readable: round.readable,
          redirected: round.redirected,
        }
      : {};

  return {
    answered({ url, method, call }, readable) {
      if (readable) read.add(url.origin).add(pathOf(url));
      if (readable && !read.has(permission(url)) && asksFirst(method, call)) read.add(permission(url));
      if (read.size > PATHS_KEPT) read.clear();
      reached.add(url.hostname);
      if (!isReached(last)) last = NONE;
      probes.healed(url.origin);
    },
    stop() {
      read.clear();
      last = NONE;
      probes.stop();
    },
    async gather({ url, method, call, resource, ending, startedMark, elapsedMs, pending }) {
      let evidence: Evidence = {
        ...ending,
        ...NONE,
        resource,
        pending,
        elapsedMs: Math.round(elapsedMs),
        engine,
        linux,
        online: online(),
        policy: 'none',
        worker: hasWorker(),
        trace: 'none',
        probe: 'not_run',
        probeMs: 0,
        probeTrace: 'none',
        probedAgoMs: 0,
        readable: 'not_run',
        redirected: false,
        otherName: 'not_run',
        otherNameMs: 0,
        otherPort: 'not_run',
        otherBoth: 'not_run',
        ice: NO_ICE,
        readBefore: read.has(pathOf(url)) ? 'path' : read.has(url.origin) ? 'origin' : 'nothing',
        everReached: reached.has(url.hostname),
        permission: !asksFirst(method, call) ? 'not_needed' : read.has(permission(url)) ? 'had' : 'never_had',
        multiplexed: false,
        roundTrip: undefined,
        lagMs: 0,
      };
      if (ending.how === 'answered') return evidence;
      const stops: (() => void)[] = [];
      const left = new Promise<void>((resolve) =>
        stops.push(
          lifecycle.onLeave(() => {
            probes.leave();
            resolve();
          }),
        ),
      );
      const keep = (found: Partial<Evidence>): void => void (evidence = { ...evidence, ...found });
      const wait = (ms: number): Promise<void> => new Promise((resolve) => stops.push(setTimer(resolve, ms)));
      const ask = async (): Promise<void> => {
        const trips = timings.roundTrip(url.hostname)?.ms;
        // Chromium's second connection attempt is still under way; a probe would take it over, and its time say nothing.
        const isTriedTwice = engine === 'chromium' && trips !== undefined && elapsedMs > 3.5 * trips && elapsedMs < 6 * trips;
        const waitMs = EVENTS_MS + random() * JITTER_MS + (isTriedTwice ? 4 * trips : 0);
        const startMs = performance.now();
        await wait(waitMs);
        keep({ policy: policy.stopped(url, resource), lagMs: Math.max(0, performance.now() - startMs - waitMs) });
        if (evidence.policy !== 'none' || !evidence.online) return;
        const stalled = pending || ending.how !== 'failed';
        // Firefox tries ten times what breaks off after the request; what still works answers in four round trips.
        const tenTimes = !stalled && timings.traceOf(url, startedMark) === 'connection';
        const capMs = stalled
          ? STALLED_CAP_MS
          : tenTimes
            ? TEN_TIMES_CAP_MS + 4 * (trips ?? 0)
            : Math.min(Math.max(CAP_MS, 1.5 * elapsedMs), LONGEST_CAP_MS);
        let round: Round | undefined;
        await Promise.all([
          probes
            .ask({
              url,
              capMs,
              mayRead: evidence.readBefore === 'path' && method === 'GET',
              mayRedirect: ({ ms }) => engine !== 'firefox' && ms > (trips ? REDIRECTS_TRIPS * trips : REDIRECTS_MS),
              seemsRedirected: tenTimes || stalled,
            })
            .then((answer) => void (round = answer)),
          compare(url.hostname, capMs).then(keep),
        ]);
        await wait(round?.probe.reply === 'stalled' ? ABORTED_ENTRIES_MS : ENTRIES_MS);
        keep(told(url, round, evidence.probedAgoMs));
      };
      await Promise.race([ask().catch(() => undefined), left]);
      for (const stop of stops) stop();
      const trace = evidence.statusCode || pending ? 'none' : timings.traceOf(url, startedMark);
      const multiplexed = timings.isMultiplexed(url.hostname);
      return { ...evidence, trace, multiplexed, roundTrip: timings.roundTrip(url.hostname) };
    },
  };
}
