import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import type { ExpositionSource } from './source.js';
import { classByLabels } from './stored-name.js';
import type { StatusClass } from './stored-name.js';

/** The request counter of one set of labels. */
export interface ExposedCounter {
  readonly statusClass: StatusClass;
  /** The same text for the same labels; undefined where it is a sum over them. */
  readonly labels: string | undefined;
  readonly value: number;
}

/**
 * Reads the request counter out of a Prometheus text exposition.
 *
 * @param text - The exposition. @param source - Names of counter and label.
 * @returns One entry per set of labels; empty where the counter is missing. Values that cannot be are left out. Throws what the parser throws on
 * malformed text.
 */
export function readExposition(text: string, source: Pick<ExpositionSource, 'requests' | 'statusLabel'>): ExposedCounter[] {
  const name = source.requests ?? 'http_requests_total';
  const families = (parsePrometheusTextFormat(text) ?? []).filter((family) => family.name === name);
  return families.flatMap(({ metrics }) =>
    metrics.flatMap((sample): ExposedCounter[] => {
      const value = Number(sample.value);
      if (!Number.isFinite(value) || value < 0) return [];
      const labels = JSON.stringify(Object.entries(sample.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
      return [{ statusClass: classByLabels(sample.labels, source.statusLabel), labels, value }];
    }),
  );
}

/** The same summed by status class. */
export function summed(counters: readonly ExposedCounter[]): ExposedCounter[] {
  const sums = new Map<StatusClass, number>();
  for (const { statusClass, value } of counters) sums.set(statusClass, (sums.get(statusClass) ?? 0) + value);
  return [...sums].map(([statusClass, value]) => ({ statusClass, labels: undefined, value }));
}
