import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface CollectorHeardRow {
  readonly collector: string;
  /** When it last took an upload, s since the epoch. */
  readonly last: number;
  /** Uploads' rows since `recent`. */
  readonly recent: number;
  /** Median time from arrival to storage of the rows stored since `recent`, s; 0 without any. */
  readonly lag_s: number;
}

/**
 * When was each collector last heard, and how long do its rows wait?
 * Cost: three narrow columns of a day of attempts and reports; asked once a minute.
 */
export const collectorsHeard: Question<{ from: number; recent: number }, CollectorHeardRow> = {
  sql: `
    SELECT toString(collector) AS collector,
           toUInt32(max(received_at)) AS last,
           toUInt32(countIf(received_at >= toDateTime({recent:UInt32}, 'UTC'))) AS recent,
           toFloat64(ifNotFinite(quantileIf(0.5)(greatest(0, toUnixTimestamp(toDateTime(inserted_at)) - toUnixTimestamp(received_at)), inserted_at >= toDateTime({recent:UInt32}, 'UTC')), 0)) AS lag_s
    FROM (
      SELECT collector, received_at, inserted_at FROM attempts WHERE received_at >= toDateTime({from:UInt32}, 'UTC')
      UNION ALL
      SELECT collector, received_at, inserted_at FROM reports WHERE received_at >= toDateTime({from:UInt32}, 'UTC')
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
