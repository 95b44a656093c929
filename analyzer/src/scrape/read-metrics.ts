import parsePrometheusTextFormat from 'parse-prometheus-text-format';

/** Where a server's own metrics are, and how its request counter is named. */
export interface ServerMetricsSource {
  readonly project: string;
  readonly host: string;
  /** URL of a Prometheus text endpoint. */
  readonly url: string;
  /** Counter of answered requests; default `http_requests_total`. */
  readonly requests?: string;
  /** Its label that holds the status; default `status`, then `status_code`, then `code`. Values such as `503` or `5xx`. */
  readonly statusLabel?: string;
}

const STATUS_LABELS = ['status', 'status_code', 'code'] as const;
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/**
 * Reads the request counter out of a Prometheus text exposition, summed by status class.
 *
 * @param text - The exposition. @param source - Names of counter and label.
 * @returns One entry per status class that occurs; empty where the counter is missing. Throws what the parser throws on malformed text.
 */
export function readMetrics(text: string, source: Pick<ServerMetricsSource, 'requests' | 'statusLabel'>): Map<StatusClass, number> {
  const name = source.requests ?? 'http_requests_total';
  const sums = new Map<StatusClass, number>();
  for (const family of parsePrometheusTextFormat(text) ?? []) {
    if (family.name !== name) continue;
    for (const sample of family.metrics) {
      const value = Number(sample.value);
      if (!Number.isFinite(value) || value < 0) continue;
      const label = source.statusLabel ?? STATUS_LABELS.find((l) => sample.labels?.[l] !== undefined) ?? 'status';
      const statusClass = classOf(sample.labels?.[label]);
      sums.set(statusClass, (sums.get(statusClass) ?? 0) + value);
    }
  }
  return sums;
}

function classOf(status: string | undefined): StatusClass {
  const match = /^([1-5])(xx|\d\d)$/i.exec(status ?? '');
  return match === null ? 'other' : (`${match[1] ?? ''}xx` as StatusClass);
}
