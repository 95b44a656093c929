import parsePrometheusTextFormat from 'parse-prometheus-text-format';
import type { ExpositionSource } from './source.js';
import { classByLabels } from './stored-name.js';
import type { StatusClass } from './stored-name.js';

/**
 * Reads the request counter out of a Prometheus text exposition, summed by status class.
 *
 * @param text - The exposition. @param source - Names of counter and label.
 * @returns One entry per status class that occurs; empty where the counter is missing. Throws what the parser throws on malformed text.
 */
export function readExposition(text: string, source: Pick<ExpositionSource, 'requests' | 'statusLabel'>): Map<StatusClass, number> {
  const name = source.requests ?? 'http_requests_total';
  const sums = new Map<StatusClass, number>();
  for (const family of parsePrometheusTextFormat(text) ?? []) {
    if (family.name !== name) continue;
    for (const sample of family.metrics) {
      const value = Number(sample.value);
      if (!Number.isFinite(value) || value < 0) continue;
      const statusClass = classByLabels(sample.labels, source.statusLabel);
      sums.set(statusClass, (sums.get(statusClass) ?? 0) + value);
    }
  }
  return sums;
}
