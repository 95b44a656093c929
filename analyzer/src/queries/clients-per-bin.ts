import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface ClientsPerBinRow {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** Start of the 10 s bin, s since the epoch. */
  readonly bin: number;
  readonly clients: number;
}

/**
 * How many clients failed in each 10 s bin, per project, host and kind, by the event clock? Those that
 * are one of many of their address prefix are left out, here and below: so a few addresses are a few clients. Bins without failures have no row.
 * Cost: reads only the asked hours of `rollup_10s` (no places in its key), at most 360 rows per hour and series.
 */
export const clientsPerBin: Question<{ from: number; to: number }, ClientsPerBinRow> = {
  sql: `
    SELECT project, host, kind, toUInt32(bucket) AS bin, toUInt32(sum(counted)) AS clients
    FROM rollup_10s FINAL
    WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project, host, kind, bucket`,
};
