import type { Question } from './ask.js';

export interface SliceRateRow {
  readonly name: string;
  /** Requests per second. */
  readonly rate: number;
}

/** How many requests did the server get from each country and release in a stretch? Cost: one series per slice and five minutes of one host. */
export const sliceRates: Question<{ project: string; host: string; from: number; to: number }, SliceRateRow> = {
  sql: `
    SELECT toString(name) AS name, toFloat64(avg(value)) AS rate
    FROM server_metrics FINAL
    WHERE project = {project:String} AND host = {host:String} AND startsWith(name, 'slice_requests_per_s{')
      AND server_metrics.time >= toDateTime({from:UInt32}, 'UTC') AND server_metrics.time < toDateTime({to:UInt32}, 'UTC')
    GROUP BY name`,
};
