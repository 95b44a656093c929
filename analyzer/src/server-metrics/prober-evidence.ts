/** From stored results of probers to how many reach a host. Pure. */
import type { Probers } from '../pair/verdict.js';
import type { ServerCounterRow } from '../queries/server-counters.js';
import { isProber } from './stored-name.js';

/** Room left between baseline and spike, so that its beginning does not count as usual. */
const GAP_MS = 60_000;
/** A prober that succeeded less often than this fails. */
const REACHES = 0.5;

/**
 * Probers whose results a PromQL query gave (`probe_success` of a blackbox exporter): each series is one, and fails when it succeeded in less
 * than half of its samples.
 *
 * @param rows - Stored series of the host, others among them. @param window - The spike; `endMs` is its end or now.
 */
export function probersOf(rows: readonly ServerCounterRow[], window: { startMs: number; endMs: number }): Probers {
  const results = rows.filter(({ name }) => isProber(name));
  const inside = results.filter(({ time }) => time * 1000 > window.startMs && time * 1000 <= window.endMs);
  const before = results.filter(({ time }) => time * 1000 <= window.startMs - GAP_MS);
  const [now, earlier] = [inside, before].map(successOf);
  const failing = (of: readonly number[] = []): number => of.filter((share) => share < REACHES).length;
  return { now: now?.length ?? 0, failing: failing(now), baseline: earlier?.length ?? 0, baselineFailing: failing(earlier) };
}

/** Share of successes by prober. */
function successOf(rows: readonly ServerCounterRow[]): number[] {
  const sums = new Map<string, { count: number; total: number }>();
  for (const { name, value } of rows) {
    const { count, total } = sums.get(name) ?? { count: 0, total: 0 };
    sums.set(name, { count: count + 1, total: total + value });
  }
  return [...sums.values()].map(({ count, total }) => total / count);
}
