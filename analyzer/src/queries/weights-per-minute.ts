import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface WeightsPerMinuteRow {
  readonly project: string;
  /** Start of the minute, s since the epoch. */
  readonly minute: number;
  readonly reports: number;
  /** What they stand for: each weighs 1 ÷ its sampling. */
  readonly weight: number;
}

/**
 * How were the reports of each project sampled, minute by minute? A change of sampling is no change of failures.
 * Cost: reads the asked hours of `rollup_10s`, two columns.
 */
export const weightsPerMinute: Question<{ from: number; to: number }, WeightsPerMinuteRow> = {
  sql: `
    SELECT project, toUInt32(toStartOfMinute(bucket)) AS minute, toFloat64(sum(failures)) AS reports, toFloat64(sum(rollup_10s.weight)) AS weight
    FROM rollup_10s FINAL
    WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project, minute`,
};
