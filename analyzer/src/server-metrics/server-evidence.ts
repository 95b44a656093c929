/** From the stored series of a server to what `pair` reads. Pure. */
import type { RequestCounts, ServerEvidence } from '../pair/verdict.js';
import type { ServerCounterRow } from '../queries/server-counters.js';
import { increments } from './steps.js';
import type { Increment } from './steps.js';
import { readStoredName } from './stored-name.js';
import type { GaugeName } from './stored-name.js';

/** A last sample older than this, against the end of the spike or now, is stale. */
const STALE_MS = 90_000;
/** Room left between baseline and spike, so that its beginning does not count as usual. */
const GAP_MS = 60_000;
/** Requests measured before the spike, below which what the counters held at first sight is the baseline. */
const LEAST_REQUESTS = 20;
const CHUNK_MS = 60_000;
const LEAST_CHUNKS = 6;

/**
 * @param rows - Stored series ordered by name and time; a counter that falls was reset and counts from 0.
 * @param window - The spike; `endMs` is its end or now.
 * @returns Requests and errors inside and before, latency and saturation where they are stored; null where nothing was measured at all.
 */
export function serverEvidence(rows: readonly ServerCounterRow[], window: { startMs: number; endMs: number }): ServerEvidence | null {
  const counted = rows.filter(({ name }) => readStoredName(name) !== undefined);
  if (counted.length === 0) return null;
  const steps = increments(counted);
  const inside = steps.filter((s) => s.atMs > window.startMs && s.atMs <= window.endMs);
  const before = steps.filter((s) => s.atMs <= window.startMs - GAP_MS);
  // Where measuring began shortly before the spike, a short baseline is better than none.
  const usable = before.length >= 3 ? before : steps.filter((s) => s.atMs <= window.startMs);
  const lastMs = counted.reduce((last, { time }) => Math.max(last, time * 1000), 0);
  const levelSd = wander(usable);
  const latencyS = gauge(rows, 'latency_s', window);
  const saturation = gauge(rows, 'saturation', window);
  return {
    now: total(inside),
    baseline: total(usable).requests >= LEAST_REQUESTS ? total(usable) : sinceStart(counted, window.startMs),
    fresh: inside.length > 0 && window.endMs - lastMs <= STALE_MS,
    ...(levelSd !== undefined && { levelSd }),
    ...(latencyS !== undefined && { latencyS }),
    ...(saturation !== undefined && { saturation }),
  };
}

/** Mean inside the spike and before it; undefined where either was not measured. */
function gauge(rows: readonly ServerCounterRow[], name: GaugeName, window: { startMs: number; endMs: number }) {
  const mean = (of: readonly ServerCounterRow[]): number => of.reduce((s, { value }) => s + value, 0) / of.length;
  const own = rows.filter((row) => row.name === name);
  const inside = own.filter(({ time }) => time * 1000 > window.startMs && time * 1000 <= window.endMs);
  const before = own.filter(({ time }) => time * 1000 <= window.startMs - GAP_MS);
  return inside.length > 0 && before.length > 0 ? { now: mean(inside), baseline: mean(before) } : undefined;
}

/** What the counters held when they were first read: everything since the server's start, however long ago that was. */
function sinceStart(rows: readonly ServerCounterRow[], untilMs: number): RequestCounts {
  const counters = rows.filter(({ name }) => readStoredName(name)?.form === 'requests');
  const firstS = counters.reduce((first, { time }) => Math.min(first, time), Infinity);
  const first = firstS * 1000 <= untilMs ? counters.filter((r) => r.time === firstS) : [];
  const once = [...new Map(first.map((row) => [readStoredName(row.name)?.series, row])).values()];
  const sum = (of: readonly ServerCounterRow[]): number => of.reduce((s, r) => s + r.value, 0);
  return { requests: sum(once), errors: sum(once.filter(isError)), seconds: 0 };
}

const isError = ({ name }: ServerCounterRow): boolean => readStoredName(name)?.statusClass === '5xx';

/** Sums, and the time that they cover: series of several servers are sampled at different moments of the same stretch. */
function total(steps: readonly Increment[]): RequestCounts {
  let coveredMs = 0;
  let untilMs = -Infinity;
  for (const { atMs, spanMs } of steps) {
    coveredMs += Math.max(0, atMs - Math.max(untilMs, atMs - spanMs));
    untilMs = Math.max(untilMs, atMs);
  }
  return {
    requests: steps.reduce((s, i) => s + i.requests, 0),
    errors: steps.reduce((s, i) => s + i.errors, 0),
    seconds: coveredMs / 1000,
  };
}

/** Relative sd of the requests per minute; undefined where fewer than six minutes were seen. */
function wander(steps: readonly Increment[]): number | undefined {
  const chunks = new Map<number, number>();
  for (const step of steps) {
    const chunk = Math.floor(step.atMs / CHUNK_MS);
    chunks.set(chunk, (chunks.get(chunk) ?? 0) + step.requests);
  }
  const whole = [...chunks.values()].slice(1, -1);
  if (whole.length < LEAST_CHUNKS) return undefined;
  const mean = whole.reduce((s, n) => s + n, 0) / whole.length;
  const variance = whole.reduce((s, n) => s + (n - mean) ** 2, 0) / (whole.length - 1);
  return mean > 0 ? Math.sqrt(variance) / mean : undefined;
}
