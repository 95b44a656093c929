import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

/** Length of the bins in which collectors are heard, s. */
export const HEARD_BIN_S = 300;

export interface CollectorHeardRow {
  readonly collector: string;
  /** Start of the five minutes, s since the epoch. */
  readonly bin: number;
  /** Uploads' rows that it took in them. */
  readonly rows: number;
  /** When it took the last of them, s since the epoch. */
  readonly last: number;
}

/**
 * In which five minutes was each collector heard, and how much came through it?
 * Cost: two narrow columns of attempts and reports of the asked stretch: an hour, asked once a minute, and days at the start.
 */
export const collectorsHeard: Question<{ from: number; to: number }, CollectorHeardRow> = {
  sql: `
    SELECT toString(collector) AS collector, toUInt32(intDiv(toUnixTimestamp(received_at), ${HEARD_BIN_S}) * ${HEARD_BIN_S}) AS bin,
           toUInt32(count()) AS rows, toUInt32(max(received_at)) AS last
    FROM (
      SELECT collector, received_at FROM attempts
      WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND received_at < toDateTime({to:UInt32}, 'UTC')
      UNION ALL
      SELECT collector, received_at FROM reports
      WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND received_at < toDateTime({to:UInt32}, 'UTC')
    )
    GROUP BY collector, bin
    ORDER BY collector, bin`,
};

/** Length of the stretches over which the lag of a collector is taken, s. */
export const LAG_BIN_S = 900;

export interface CollectorLagRow {
  readonly collector: string;
  /** Median time from arrival to storage of the rows stored in its latest quarter of an hour that has any, s. */
  readonly lag_s: number;
  /** When the last of them was stored, s since the epoch. */
  readonly stored: number;
}

/**
 * How long did the rows wait that were stored last of each collector? Quarters of an hour are counted back from `to`. Without rows stored before
 * `recent`, and without those that waited since before `from`.
 * Cost: three narrow columns of the attempts and reports that were stored since `recent`: some minutes, asked once a minute, and a day at the start.
 */
export const collectorLags: Question<{ from: number; recent: number; to: number }, CollectorLagRow> = {
  sql: `
    SELECT collector, toFloat64(argMin(lag, slot)) AS lag_s, toUInt32(max(last)) AS stored
    FROM (
      SELECT toString(collector) AS collector, intDiv(toInt64({to:UInt32}) - stored_at, ${LAG_BIN_S}) AS slot,
             quantile(0.5)(greatest(0, stored_at - toUnixTimestamp(received_at))) AS lag, max(stored_at) AS last
      FROM (
        SELECT collector, received_at, toInt64(toUnixTimestamp(toDateTime(inserted_at))) AS stored_at FROM attempts
        WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND inserted_at >= toDateTime({recent:UInt32}, 'UTC')
        UNION ALL
        SELECT collector, received_at, toInt64(toUnixTimestamp(toDateTime(inserted_at))) AS stored_at FROM reports
        WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND inserted_at >= toDateTime({recent:UInt32}, 'UTC')
      )
      GROUP BY collector, slot
    )
    GROUP BY collector
    ORDER BY collector`,
};

export interface PanelHeardRow {
  readonly project: string;
  /** When requests that were made were last told of, s since the epoch. */
  readonly last: number;
}

/** When was the panel of each project last heard? */
export const panelHeard: Question<{ from: number }, PanelHeardRow> = {
  sql: `
    SELECT toString(project) AS project, toUInt32(max(received_at)) AS last
    FROM attempts
    WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project
    ORDER BY project`,
};
