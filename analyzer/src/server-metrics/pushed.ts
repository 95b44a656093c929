/** From series that somebody pushed to the rows of the sources they belong to. Pure. */
import type { ServerMetricRow } from '@outcry/storage';
import type { PushSource } from './source.js';
import { classByLabels, storedName } from './stored-name.js';
import type { RequestsForm } from './stored-name.js';

/** One pushed series of any protocol. */
export interface PushedSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `total`: cumulative since the start of its process; `added`: since the sample before. */
  readonly temporality: 'total' | 'added';
  /** Times in ms since the epoch. */
  readonly samples: readonly { readonly timeMs: number; readonly value: number }[];
}

const DEFAULT_NAMES: readonly string[] = [
  'http_requests_total',
  'http.server.request.duration',
  'http_server_request_duration_seconds_count',
];
/** Samples outside of this stretch around now are not stored: they would be deleted at once, or come from a wrong clock. */
const OLDEST_MS = 34 * 86_400_000;
const NEWEST_MS = 5 * 60_000;

export interface Sorted {
  readonly rows: readonly ServerMetricRow[];
  /** Samples that belong to no source here: most of what a Prometheus pushes. */
  readonly foreign: number;
  /** Samples with a value or time that cannot be used. */
  readonly refused: number;
}

function belongs(series: PushedSeries, { push }: PushSource): boolean {
  const named = push.requests === undefined ? DEFAULT_NAMES.includes(series.name) : push.requests === series.name;
  return named && Object.entries(push.labels).every(([label, value]) => series.labels[label] === value);
}

/** Sorts pushed series to the sources that want them; one may belong to several. */
export function sortPushed(pushed: readonly PushedSeries[], sources: readonly PushSource[], nowMs: number): Sorted {
  const rows: ServerMetricRow[] = [];
  let foreign = 0;
  let refused = 0;
  for (const series of pushed) {
    const wanting = sources.filter((source) => belongs(series, source));
    if (wanting.length === 0) {
      foreign += series.samples.length;
      continue;
    }
    const usable = series.samples.filter(
      ({ timeMs, value }) => Number.isFinite(value) && value >= 0 && timeMs > nowMs - OLDEST_MS && timeMs < nowMs + NEWEST_MS,
    );
    refused += series.samples.length - usable.length;
    const form: RequestsForm = series.temporality === 'total' ? 'requests' : 'requests_added';
    const identity = JSON.stringify([series.name, ...Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
    for (const { project, host, push } of wanting) {
      const name = storedName(form, classByLabels(series.labels, push.statusLabel), identity);
      for (const { timeMs, value } of usable) rows.push({ time: Math.floor(timeMs / 1000), project, host, name, value });
    }
  }
  return { rows, foreign, refused };
}
