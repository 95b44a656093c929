import type { BurstHour } from '../watch/bursts.js';
import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

/**
 * In how many networks did two or more clients fail in one minute, per project, host, kind and hour; and how many clients, and pairs of clients
 * in one minute, were there in all? Cost: reads `rollup_1m` of the asked hours once; asked every hour, for a day the first time.
 */
export const burstsPerHour: Question<{ from: number; to: number }, BurstHour> = {
  sql: `
    SELECT project, host, kind, toUInt32(toStartOfHour(bucket)) AS hour, toFloat64(sum(n)) AS failures,
           toFloat64(sum(n * (n - 1) / 2)) AS pairs, toUInt32(uniqExactArray(together)) AS bursts
    FROM (
      SELECT project, host, kind, bucket, sum(clients) AS n, groupArrayIf(network, clients >= 2) AS together
      FROM (
        SELECT toString(project) AS project, toString(host) AS host, toString(kind) AS kind, toString(network) AS network, bucket,
               toInt64(sum(counted)) AS clients
        FROM rollup_1m FINAL
        WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
        GROUP BY ALL
      )
      GROUP BY project, host, kind, bucket
    )
    GROUP BY project, host, kind, hour`,
};
