/** From series that somebody pushed to the rows of the sources they belong to. Pure. */
import type { ServerMetricRow } from '@outcry/storage';
import type { PushSource } from './source.js';
import { classByLabels, STATUS_LABELS, storedName } from './stored-name.js';
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
/** Labels of Prometheus and attributes of OpenTelemetry that tell a process from others, and those that tell whose processes they are. */
const OF_PROCESS: readonly string[] = [
  ...['instance', 'exported_instance', 'pod'],
  ...['service.instance.id', 'host.name', 'k8s.pod.name', 'k8s.pod.uid', 'container.id', 'process.pid'],
];
const OF_SERVICE: readonly string[] = ['job', 'exported_job', 'namespace', 'service.name', 'service.namespace'];
/** Set for errors only, so they tell no process. */
const OF_ERRORS: readonly string[] = [...STATUS_LABELS, 'error.type', 'error_type'];
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

/** A text that is the same for all series of one process. Where no label tells it, for those that differ by their status only. */
function processOf(name: string, labels: PushedSeries['labels'], statusLabel: string | undefined): string {
  const all = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const isTold = all.some(([label]) => OF_PROCESS.includes(label));
  const own = isTold
    ? all.filter(([label]) => OF_PROCESS.includes(label) || OF_SERVICE.includes(label))
    : all.filter(([label]) => label !== statusLabel && !OF_ERRORS.includes(label));
  return JSON.stringify([name, ...own]);
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
      const statusClass = classByLabels(series.labels, push.statusLabel);
      const name = storedName(form, statusClass, identity, processOf(series.name, series.labels, push.statusLabel));
      for (const { timeMs, value } of usable) rows.push({ time: Math.floor(timeMs / 1000), project, host, name, value });
    }
  }
  return { rows, foreign, refused };
}
