/**
 * The metrics of several workers as one. Counts of a worker that ended are kept as they were last read: a sum that fell would look like
 * a restart of the whole collector, and a rate taken of it would be wrong.
 */
import { AggregatorRegistry } from 'prom-client';
import type { MetricsJson } from './messages.js';

const ONLY_GROWING: ReadonlySet<string> = new Set(['counter', 'histogram']);

/** Adds up the metrics of several workers, each by its own rule. */
async function sum(parts: readonly MetricsJson[]): Promise<MetricsJson> {
  return AggregatorRegistry.aggregate(parts as never).getMetricsAsJSON();
}

export interface PoolMetrics {
  /** The text of all metrics, in the Prometheus format. */
  text(): Promise<string>;
}

/** @param measure - the metrics of the workers that run, by process; undefined of one that did not answer in time. */
export function poolMetrics(measure: () => Promise<ReadonlyMap<number, MetricsJson | undefined>>): PoolMetrics {
  let last: ReadonlyMap<number, MetricsJson> = new Map();
  let ended: MetricsJson = [];
  const read = async (): Promise<string> => {
    const present = new Map([...(await measure())].map(([pid, metrics]) => [pid, metrics ?? last.get(pid) ?? []] as const));
    for (const [pid, metrics] of last) {
      if (!present.has(pid)) ended = await sum([ended, metrics.filter(({ type }) => ONLY_GROWING.has(String(type)))]);
    }
    last = present;
    return AggregatorRegistry.aggregate([...present.values(), ended] as never).metrics();
  };
  // One after the other: two that met an ended worker at once would both add its counts to those of the ended. Who comes while one is
  // being read shares the next.
  let reading: Promise<unknown> = Promise.resolve();
  let next: Promise<string> | undefined;
  const begin = (): Promise<string> => {
    next = undefined;
    const text = read();
    reading = text.catch(() => undefined);
    return text;
  };
  return { text: () => (next ??= reading.then(begin)) };
}
