import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface AttemptsPerBinRow {
  readonly project: string;
  readonly host: string;
  /** Start of the five minutes, s since the epoch. */
  readonly bin: number;
  /** Weighted to the whole fleet. */
  readonly made: number;
  readonly failed: number;
}

/**
 * How many requests did the panel's clients make in each five minutes, per project and host? The denominator of what is expected to fail.
 * Cost: reads `attempts` from `from` on, which is half an hour except in the first round.
 */
export const attemptsPerBin: Question<{ from: number; to: number }, AttemptsPerBinRow> = {
  sql: `
    SELECT project, host, toUInt32(toStartOfFiveMinutes(event_time)) AS bin, toFloat64(sum(attempts.made * weight)) AS made,
           toFloat64(sum(attempts.failed * weight)) AS failed
    FROM attempts FINAL
    WHERE event_time >= toDateTime({from:UInt32}, 'UTC') AND event_time < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project, host, bin`,
};
