import type { Question } from './ask.js';

export interface ServerCounterRow {
  readonly name: string;
  /** s since the epoch. */
  readonly time: number;
  readonly value: number;
}

/**
 * What did the server's own counters say? Raw values, so that resets show as falls.
 * Cost: one series per status class and 10 s: 6 × 360 rows per hour.
 */
export const serverCounters: Question<{ project: string; host: string; from: number; to: number }, ServerCounterRow> = {
  sql: `
    SELECT toString(name) AS name, toUInt32(time) AS time, toFloat64(value) AS value
    FROM server_metrics FINAL
    WHERE project = {project:String} AND host = {host:String} AND server_metrics.time >= toDateTime({from:UInt32}, 'UTC') AND server_metrics.time < toDateTime({to:UInt32}, 'UTC')
      AND NOT startsWith(name, 'slice_requests_per_s{')
    ORDER BY name, time`,
};
