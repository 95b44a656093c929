/** From raw counters of the server to what `pair` reads. Pure. */
import type { RequestCounts, ServerEvidence } from '../pair/verdict.js';
import type { ServerCounterRow } from '../queries/server-counters.js';

/** Counters are stored by status class under this name: `requests{class="5xx"}`. */
export const counterName = (statusClass: string): string => `requests{class="${statusClass}"}`;
const ERRORS = counterName('5xx');
/** A last sample older than this, against the end of the spike or now, is stale. */
const STALE_MS = 90_000;
/** Room left between baseline and spike, so that its beginning does not count as usual. */
const GAP_MS = 60_000;
/** Requests measured before the spike, below which what the counters held at first sight is the baseline. */
const LEAST_REQUESTS = 20;
const CHUNK_MS = 60_000;
const LEAST_CHUNKS = 6;

interface Increment {
  readonly atMs: number;
  readonly spanMs: number;
  readonly requests: number;
  readonly errors: number;
}

/**
 * @param rows - Raw counters ordered by name and time; a fall is a reset and counts from 0.
 * @param window - The spike; `endMs` is its end or now.
 * @returns Requests and errors inside and before, or null where nothing was measured at all.
 */
export function serverEvidence(rows: readonly ServerCounterRow[], window: { startMs: number; endMs: number }): ServerEvidence | null {
  if (rows.length === 0) return null;
  const steps = increments(rows);
  const inside = steps.filter((s) => s.atMs > window.startMs && s.atMs <= window.endMs);
  const before = steps.filter((s) => s.atMs <= window.startMs - GAP_MS);
  // Where measuring began shortly before the spike, a short baseline is better than none.
  const usable = before.length >= 3 ? before : steps.filter((s) => s.atMs <= window.startMs);
  const last = Math.max(...rows.map((r) => r.time * 1000));
  const levelSd = wander(usable);
  return {
    now: total(inside),
    baseline: total(usable).requests >= LEAST_REQUESTS ? total(usable) : sinceStart(rows, window.startMs),
    fresh: inside.length > 0 && window.endMs - last <= STALE_MS,
    ...(levelSd !== undefined && { levelSd }),
  };
}

/** What the counters held when they were first read: everything since the server's start, however long ago that was. */
function sinceStart(rows: readonly ServerCounterRow[], untilMs: number): RequestCounts {
  const firstS = Math.min(...rows.map((r) => r.time));
  const first = firstS * 1000 <= untilMs ? rows.filter((r) => r.time === firstS) : [];
  const sum = (of: readonly ServerCounterRow[]): number => of.reduce((s, r) => s + r.value, 0);
  return { requests: sum(first), errors: sum(first.filter((r) => r.name === ERRORS)), seconds: 0 };
}

function increments(rows: readonly ServerCounterRow[]): Increment[] {
  const at = new Map<number, { requests: number; errors: number; spanMs: number }>();
  let previous: ServerCounterRow | undefined;
  for (const row of rows) {
    if (previous?.name === row.name && row.time > previous.time) {
      const grown = row.value >= previous.value ? row.value - previous.value : row.value;
      const entry = at.get(row.time) ?? { requests: 0, errors: 0, spanMs: (row.time - previous.time) * 1000 };
      entry.requests += grown;
      if (row.name === ERRORS) entry.errors += grown;
      at.set(row.time, entry);
    }
    previous = row;
  }
  return [...at].map(([time, entry]) => ({ atMs: time * 1000, ...entry })).sort((a, b) => a.atMs - b.atMs);
}

function total(steps: readonly Increment[]): RequestCounts {
  return {
    requests: steps.reduce((s, i) => s + i.requests, 0),
    errors: steps.reduce((s, i) => s + i.errors, 0),
    seconds: steps.reduce((s, i) => s + i.spanMs, 0) / 1000,
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
