import type { Question } from './ask.js';

export interface LastPushedRow {
  /** Time of the last sample, s since the epoch; 0 without any since `from`. */
  readonly last: number;
}

/**
 * When was the last request counter of a host that somebody pushed? Counters that are read here have no series in their name; which source wanted a
 * pushed one is not stored, so of several that push for one host this is the last of all. Cost: minutes of one host.
 */
export const lastPushed: Question<{ project: string; host: string; from: number }, LastPushedRow> = {
  sql: `
    SELECT toUInt32(max(server_metrics.time)) AS last
    FROM server_metrics
    WHERE project = {project:String} AND host = {host:String} AND server_metrics.time >= toDateTime({from:UInt32}, 'UTC')
      AND match(name, '^(requests\\\\{.*,series=|requests_added\\\\{)')`,
};
