import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface FirstHeardRow {
  readonly project: string;
  /** First event heard of the project at or after `from`, s since the epoch. */
  readonly first: number;
}

/**
 * Since when has each project been heard of, as far back as `from`? Failures and attempts both count: a project without any failure is heard too.
 * A prober that was there before the first client tells nothing of what clients meet, so it does not count.
 * Cost: reads the asked hours of `rollup_10s` and `attempts`, two columns.
 */
export const firstHeard: Question<{ from: number }, FirstHeardRow> = {
  sql: `
    SELECT project, toUInt32(min(t)) AS first
    FROM (
      SELECT project, toUInt32(bucket) AS t FROM rollup_10s
      WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
      UNION ALL
      SELECT project, toUInt32(event_time) AS t FROM attempts WHERE event_time >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
    )
    GROUP BY project`,
};
