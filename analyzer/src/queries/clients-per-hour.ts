import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import type { ClientsPerBinRow } from './clients-per-bin.js';

/**
 * How many clients failed in each hour of the last weeks, per project, host and kind? The shape of a day is learnt from it.
 * Cost: `series_1h` of 14 days; asked every hour, not every round.
 */
export const clientsPerHour: Question<{ from: number; to: number }, ClientsPerBinRow> = {
  sql: `
    SELECT project, host, kind, toUInt32(bucket) AS bin, toUInt32(sum(counted)) AS clients
    FROM series_1h FINAL
    WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project, host, kind, bucket`,
};
