import type { Question } from './ask.js';

export interface LiveReportRow {
  readonly received: number;
  readonly occurred: number;
  readonly host: string;
  readonly method: string;
  readonly resource: string;
  readonly type: string;
  readonly kind: string;
  readonly phase: string;
  readonly confidence_pct: number;
  readonly elapsed_ms: number;
  readonly status_code: number;
  readonly count: number;
  readonly collector: string;
  readonly source: string;
  readonly release: string;
}

/**
 * What did the developers' own clients report last? Reads only `dev_reports`, which no client outside development fills.
 * Cost: one project's day of `dev_reports` (TTL 24 h).
 */
export const liveReports: Question<{ project: string; limit: number }, LiveReportRow> = {
  sql: `
    SELECT toUInt32(received_at) AS received, toUInt32(occurred_at) AS occurred, toString(host) AS host, toString(method) AS method,
           toString(resource) AS resource, toString(type) AS type, toString(kind) AS kind, toString(phase) AS phase,
           toUInt32(confidence_pct) AS confidence_pct, toUInt32(elapsed_ms) AS elapsed_ms, toUInt32(status_code) AS status_code,
           toUInt32(count) AS count, toString(collector) AS collector, toString(source) AS source, toString(release) AS release
    FROM dev_reports FINAL
    WHERE project = {project:String}
    ORDER BY inserted_at DESC, occurred_at DESC
    LIMIT {limit:UInt32}`,
};
