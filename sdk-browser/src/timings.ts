/**
 * What Resource Timing tells: the entry of one request, and the round-trip time to a host, learnt from what succeeded before. With
 * `Timing-Allow-Origin` the connection's phases give it exactly; without, the smallest whole answer bounds it from above.
 */
import type { Evidence, Trace } from './diagnose/evidence.js';

const KEPT_ENTRIES = 100;
const KEPT_SAMPLES = 8;
/** Fewer whole answers than this bound nothing. */
const ENOUGH_WHOLE = 5;
const STEADY = 1.2;
const ENOUGH_STEADY = 3;

interface Learnt {
  readonly tcpMs: number[];
  readonly tlsMs: number[];
  /** From the request to the first byte of its answer. */
  readonly answerMs: number[];
  readonly wholeMs: number[];
  /** It spoke HTTP/2 or 3. */
  multiplexed: boolean;
}

export interface Timings {
  /** The entry of the request to `url` that started at `startedMark` (`performance.now()`), if the browser made one. */
  entryOf(url: URL, startedMark: number): PerformanceResourceTiming | undefined;
  /** When the latest finished request to this address started, by `performance.now()`; `before`: before we looked. */
  startOf(url: string): number | 'before' | undefined;
  /** Firefox's trace in the entry of a request that failed. */
  traceOf(url: URL, startedMark: number): Trace;
  /** A request to `url` was answered. */
  answered(url: URL, startedMark: number): void;
  roundTrip(hostname: string): Evidence['roundTrip'];
  /** With `Timing-Allow-Origin`: an answer came over HTTP/2 or 3. */
  isMultiplexed(hostname: string): boolean;
  /** @param sinceMark - What started before is not looked at: there was no consent. */
  start(sinceMark: number): void;
  stop(): void;
}

export interface TimingsParts {
  readonly performance: Pick<Performance, 'getEntriesByName'>;
  readonly Observer: typeof PerformanceObserver | undefined;
  readonly engine: Evidence['engine'];
  readonly watched: (hostname: string) => boolean;
  /** Landmarks lead to the same server: host names by the watched host. */
  readonly sameAs: (hostname: string) => string;
}

const keep = (samples: number[], ms: number): void => {
  samples.push(ms);
  if (samples.length > KEPT_SAMPLES) samples.shift();
};

/** A handshake of TLS 1.2 takes two round trips. */
function tlsTrips({ tcpMs, tlsMs }: Learnt): number {
  return tlsMs.length > 0 ? Math.min(...tlsMs) / Math.min(...tcpMs) : 1;
}

export function makeTimings({ performance, Observer, engine, watched, sameAs }: TimingsParts): Timings {
  const learnt = new Map<string, Learnt>();
  let recent: PerformanceResourceTiming[] = [];
  let observer: PerformanceObserver | undefined;
  let sinceMark = 0;

  const of = (hostname: string): Learnt => {
    const found = learnt.get(hostname) ?? { tcpMs: [], tlsMs: [], answerMs: [], wholeMs: [], multiplexed: false };
    learnt.set(hostname, found);
    return found;
  };

  function take(entries: readonly PerformanceEntry[]): void {
    for (const entry of entries as readonly PerformanceResourceTiming[]) {
      if (entry.startTime < sinceMark) continue;
      let host: string;
      try {
        host = sameAs(new URL(entry.name).hostname);
      } catch {
        continue;
      }
      if (!watched(host)) continue;
      recent.push(entry);
      const { connectStart, secureConnectionStart, connectEnd, requestStart, responseStart, nextHopProtocol } = entry;
      if (/^h[23]/.test(nextHopProtocol)) of(host).multiplexed = true;
      if (requestStart > 0 && responseStart > requestStart) keep(of(host).answerMs, responseStart - requestStart);
      const tcpEnd = secureConnectionStart || connectEnd;
      // A connection that was made for this request; of a kept one the phases are empty.
      if (connectStart === 0 || tcpEnd <= connectStart) continue;
      keep(of(host).tcpMs, tcpEnd - connectStart);
      if (secureConnectionStart > 0 && connectEnd > secureConnectionStart) keep(of(host).tlsMs, connectEnd - secureConnectionStart);
    }
    recent = recent.slice(-KEPT_ENTRIES);
  }
  const catchUp = (): void => {
    if (observer) take(observer.takeRecords());
  };

  const timings: Timings = {
    isMultiplexed(hostname) {
      catchUp();
      return learnt.get(hostname)?.multiplexed ?? false;
    },
    entryOf({ href }, startedMark) {
      catchUp();
      const fits = ({ name, startTime }: PerformanceEntry): boolean => name === href && startTime >= startedMark - 1;
      // The page's own buffer may be full or emptied.
      const buffered = performance.getEntriesByName(href, 'resource') as PerformanceResourceTiming[];
      return buffered.findLast(fits) ?? recent.findLast(fits);
    },
    startOf(url) {
      catchUp();
      const latest = performance.getEntriesByName(url, 'resource').at(-1) ?? recent.findLast(({ name }) => name === url);
      return latest && latest.startTime < sinceMark ? 'before' : latest?.startTime;
    },
    traceOf(url, startedMark) {
      const entry = engine === 'firefox' ? timings.entryOf(url, startedMark) : undefined;
      return !entry ? 'none' : entry.duration > 0 ? 'connection' : 'no_connection';
    },
    answered(url, startedMark) {
      const entry = timings.entryOf(url, startedMark);
      if (entry && entry.duration > 0 && entry.connectStart === 0) keep(of(url.hostname).wholeMs, entry.duration);
    },
    roundTrip(hostname) {
      catchUp();
      const found = learnt.get(hostname);
      if (!found) return undefined;
      const { tcpMs, tlsMs, answerMs, wholeMs } = found;
      // Each is one round trip and the noise of its moment. Samples that scatter were taken in a busy page and bound nothing.
      if (tcpMs.length > 0) {
        const samples = [...tcpMs, ...tlsMs, ...answerMs];
        const ms = Math.min(...samples);
        return samples.filter((each) => each <= STEADY * ms).length >= ENOUGH_STEADY
          ? { ms, exact: true, tlsTrips: tlsTrips(found) }
          : undefined;
      }
      return wholeMs.length < ENOUGH_WHOLE ? undefined : { ms: Math.min(...wholeMs), exact: false, tlsTrips: 1 };
    },
    start(mark) {
      if (observer) return;
      sinceMark = mark;
      if (!Observer) return;
      try {
        observer = new Observer((list) => take(list.getEntries()));
        observer.observe({ type: 'resource', buffered: true });
      } catch {
        observer = undefined;
      }
    },
    stop() {
      observer?.disconnect();
      observer = undefined;
      recent = [];
      learnt.clear();
    },
  };
  return timings;
}
