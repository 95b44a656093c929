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

export interface CollectorLagRow {
  readonly collector: string;
  /** Median time from arrival to storage of the rows stored since `recent`, s. */
  readonly lag_s: number;
}

/**
 * How long do the rows of each collector wait until they are stored? Without those that waited since before `from`.
 * Cost: three narrow columns of the attempts and reports that were stored since `recent`; asked once a minute.
 */
export const collectorLags: Question<{ from: number; recent: number }, CollectorLagRow> = {
  sql: `
    SELECT toString(collector) AS collector,
           toFloat64(quantile(0.5)(greatest(0, toUnixTimestamp(toDateTime(inserted_at)) - toUnixTimestamp(received_at)))) AS lag_s
    FROM (
      SELECT collector, received_at, inserted_at FROM attempts
      WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND inserted_at >= toDateTime({recent:UInt32}, 'UTC')
      UNION ALL
      SELECT collector, received_at, inserted_at FROM reports
      WHERE received_at >= toDateTime({from:UInt32}, 'UTC') AND inserted_at >= toDateTime({recent:UInt32}, 'UTC')
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
