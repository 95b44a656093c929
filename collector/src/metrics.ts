/** The collector's own numbers at `/metrics`. No label holds anything that a sender chose, and no address. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { JournalUsage } from './journal/journal.js';

export interface Metrics {
  readonly registry: Registry;
  /** By outcome: `stored`, `duplicate` or an error code. */
  countUpload(code: string): void;
  readonly reports: Counter;
  readonly unknownFields: Counter;
  readonly insertSeconds: Histogram<'table'>;
  readonly insertedRows: Counter<'table'>;
  readonly reportAgeSeconds: Histogram;
  /** By reason: `refused` (rows quarantined), `schema` (every row refused), `unavailable` or `journal` (its own file). */
  readonly drainFailures: Counter<'reason'>;
  readonly quarantinedRows: Counter;
  /** By answer: `stored`, `nothing_new` or an error code. */
  readonly nelUploads: Counter<'code'>;
  /** By what became of each report. */
  readonly nelReports: Counter<'outcome'>;
}

/**
 * Makes the metrics. Of several workers they are added up, except for what all of them see alike.
 *
 * @param usage - read when the metrics are asked for.
 * @param registry - where they are kept; one of its own where none is given.
 */
export function createMetrics(usage: () => JournalUsage, inWork: () => number, registry: Registry = new Registry()): Metrics {
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'outcry_' });
  const uploads = new Counter({ name: 'outcry_uploads_total', help: 'Uploads by outcome.', labelNames: ['code'], registers });
  // Looking a child up by its labels costs more than counting; the codes are a small, closed set.
  const children = new Map<string, Counter.Internal>();
  new Gauge({ name: 'outcry_up', help: '1 while the collector runs.', registers, aggregator: 'max' }).set(1);
  new Gauge({ name: 'outcry_workers', help: 'Worker processes that answer.', registers }).set(1);
  new Gauge({
    name: 'outcry_uploads_in_work',
    help: 'Uploads being read, opened or written.',
    registers,
    collect() {
      this.set(inWork());
    },
  });
  new Gauge({
    name: 'outcry_journal_entries',
    help: 'Envelopes that wait for storage.',
    registers,
    aggregator: 'max',
    collect() {
      this.set(usage().entries);
    },
  });
  new Gauge({
    name: 'outcry_journal_bytes',
    help: 'Bytes of envelopes that wait for storage.',
    registers,
    aggregator: 'max',
    collect() {
      this.set(usage().bytes);
    },
  });
  return {
    registry,
    countUpload(code) {
      let child = children.get(code);
      if (child === undefined) children.set(code, (child = uploads.labels(code)));
      child.inc();
    },
    reports: new Counter({ name: 'outcry_reports_total', help: 'Failures in stored uploads.', registers }),
    unknownFields: new Counter({
      name: 'outcry_unknown_fields_total',
      help: 'Values from newer agents that were not understood.',
      registers,
    }),
    insertSeconds: new Histogram({
      name: 'outcry_insert_duration_seconds',
      help: 'Time of one insert into storage.',
      labelNames: ['table'],
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers,
    }),
    insertedRows: new Counter({ name: 'outcry_inserted_rows_total', help: 'Rows that storage took.', labelNames: ['table'], registers }),
    reportAgeSeconds: new Histogram({
      name: 'outcry_report_age_seconds',
      help: 'From a failure, by the corrected clock of its device, to its arrival.',
      buckets: [10, 60, 300, 3_600, 21_600, 86_400, 604_800],
      registers,
    }),
    drainFailures: new Counter({ name: 'outcry_drain_failures_total', help: 'Inserts that failed.', labelNames: ['reason'], registers }),
    quarantinedRows: new Counter({
      name: 'outcry_quarantined_rows_total',
      help: 'Rows that storage refuses for what they are.',
      registers,
    }),
    nelUploads: new Counter({
      name: 'outcry_nel_uploads_total',
      help: 'Uploads of Network Error Logging by answer.',
      labelNames: ['code'],
      registers,
    }),
    nelReports: new Counter({
      name: 'outcry_nel_reports_total',
      help: 'Reports of Network Error Logging by what became of them.',
      labelNames: ['outcome'],
      registers,
    }),
  };
}
