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

/** A dip is looked for in at most so much from the start of the spike, beside as much before it: over hours the day itself rises and falls. */
const DIP_MS = 30 * 60_000;
/** A fall that goes on is not thought to leave less than this. */
const LEAST_GOING_ON = 0.1;
const NO_REQUESTS: RequestCounts = { requests: 0, errors: 0, seconds: 0 };

/**
 * @param rows - Stored series ordered by name and time; a counter that falls was reset and counts from 0.
 * @param window - The spike; `endMs` is its end or now.
 * @returns Requests and errors inside and before, latency and saturation where they are stored lately. What was not measured, or is too old, is no
 * request in no time; `fresh` is whether there is anything.
 */
export function serverEvidence(rows: readonly ServerCounterRow[], window: { startMs: number; endMs: number }): ServerEvidence {
  const { startMs, endMs } = window;
  const counted = rows.filter(({ name }) => readStoredName(name) !== undefined);
  const steps = increments(counted);
  const inside = steps.filter((s) => s.atMs > startMs && s.atMs <= endMs);
  // Where measuring began shortly before the spike, a short baseline is better than none.
  const before = enough(steps.filter((s) => s.atMs <= startMs - GAP_MS)) ?? steps.filter((s) => s.atMs <= startMs);
  const isCounted = inside.length > 0 && isRecent(counted, endMs);
  const levelSd = wander(before);
  const latencyS = gauge(rows, 'latency_s', window);
  const saturation = gauge(rows, 'saturation', window);
  return {
    now: isCounted ? total(inside) : NO_REQUESTS,
    baseline: total(before).requests >= LEAST_REQUESTS ? total(before) : sinceStart(counted, startMs),
    fresh: isCounted || latencyS !== undefined || saturation !== undefined,
    dip: dipOf(isCounted ? inside : [], before, startMs),
    ...(levelSd !== undefined && { levelSd }),
    ...(latencyS !== undefined && { latencyS }),
    ...(saturation !== undefined && { saturation }),
  };
}

function dipOf(inside: readonly Increment[], before: readonly Increment[], startMs: number): NonNullable<ServerEvidence['dip']> {
  const first = inside.filter((s) => s.atMs <= startMs + DIP_MS);
  const last = enough(before.filter((s) => s.atMs > startMs - GAP_MS - DIP_MS)) ?? before;
  const middle = (of: readonly Increment[]): number => ((of[0]?.atMs ?? 0) + (of.at(-1)?.atMs ?? 0)) / 2;
  const falling = first.length > 0 ? fallPerMs(last) * (middle(first) - middle(last)) : 0;
  return { now: total(first), baseline: total(last), goingOn: Math.max(LEAST_GOING_ON, 1 - falling) };
}

/** Steps that are enough to be a baseline. */
const enough = (steps: readonly Increment[]): readonly Increment[] | undefined => (steps.length >= 3 ? steps : undefined);

const isRecent = (rows: readonly ServerCounterRow[], endMs: number): boolean =>
  endMs - rows.reduce((last, { time }) => Math.max(last, time * 1000), -Infinity) <= STALE_MS;

/** Mean inside the spike and before it; undefined where either was not measured, or not lately. */
function gauge(rows: readonly ServerCounterRow[], name: GaugeName, window: { startMs: number; endMs: number }) {
  const mean = (of: readonly ServerCounterRow[]): number => of.reduce((s, { value }) => s + value, 0) / of.length;
  const own = rows.filter((row) => row.name === name);
  const inside = own.filter(({ time }) => time * 1000 > window.startMs && time * 1000 <= window.endMs);
  const before = own.filter(({ time }) => time * 1000 <= window.startMs - GAP_MS);
  return inside.length > 0 && before.length > 0 && isRecent(own, window.endMs) ? { now: mean(inside), baseline: mean(before) } : undefined;
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

/** Requests of each whole minute in order; undefined where fewer than six minutes were seen. */
function minutesOf(steps: readonly Increment[]): readonly { readonly atMs: number; readonly requests: number }[] | undefined {
  const chunks = new Map<number, number>();
  for (const step of steps) {
    const chunk = Math.floor(step.atMs / CHUNK_MS);
    chunks.set(chunk, (chunks.get(chunk) ?? 0) + step.requests);
  }
  const whole = [...chunks].map(([chunk, requests]) => ({ atMs: chunk * CHUNK_MS, requests })).slice(1, -1);
  return whole.length < LEAST_CHUNKS ? undefined : whole;
}

const meanOf = (values: readonly number[]): number => values.reduce((s, x) => s + x, 0) / values.length;

/** Relative sd of the requests per minute; undefined where fewer than six minutes were seen. */
function wander(steps: readonly Increment[]): number | undefined {
  const counts = minutesOf(steps)?.map(({ requests }) => requests);
  if (counts === undefined) return undefined;
  const mean = meanOf(counts);
  const variance = counts.reduce((s, n) => s + (n - mean) ** 2, 0) / (counts.length - 1);
  return mean > 0 ? Math.sqrt(variance) / mean : undefined;
}

/** Which share of the mean the requests per minute fall by each ms (least squares); 0 where they rise or fewer than six minutes were seen. */
function fallPerMs(steps: readonly Increment[]): number {
  const minutes = minutesOf(steps);
  if (minutes === undefined) return 0;
  const [time, mean] = [meanOf(minutes.map(({ atMs }) => atMs)), meanOf(minutes.map(({ requests }) => requests))];
  const together = minutes.reduce((s, { atMs, requests }) => s + (atMs - time) * (requests - mean), 0);
  const spread = minutes.reduce((s, { atMs }) => s + (atMs - time) ** 2, 0);
  return mean > 0 ? Math.max(0, -together / spread / mean) : 0;
}
