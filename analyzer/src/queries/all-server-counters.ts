import type { Question } from './ask.js';
import type { ServerCounterRow } from './server-counters.js';

export interface AllServerCountersRow extends ServerCounterRow {
  readonly project: string;
  readonly host: string;
}

/**
 * What did the counters of all servers say? As `serverCounters`, over the hosts together.
 * Cost: per host one series per status class and 10 s; asked for the minutes since the last round.
 */
export const allServerCounters: Question<{ from: number; to: number }, AllServerCountersRow> = {
  sql: `
    SELECT toString(project) AS project, toString(host) AS host, toString(name) AS name, toUInt32(time) AS time, toFloat64(value) AS value
    FROM server_metrics FINAL
    WHERE server_metrics.time >= toDateTime({from:UInt32}, 'UTC') AND server_metrics.time < toDateTime({to:UInt32}, 'UTC')
      AND NOT startsWith(name, 'slice_requests_per_s{')
    ORDER BY project, host, name, time`,
};
