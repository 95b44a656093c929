import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { within } from './within.js';

export interface AttemptsBySliceRow {
  readonly country: string;
  readonly release: string;
  /** Weighted to all clients that opted in, and as they were told. */
  readonly made: number;
  readonly sample: number;
  /** Five minutes in which any were made. */
  readonly bins: number;
}

/** How many requests did opted-in clients of each country and release make in a stretch? Cost: `attempts` of one host in it. */
export const attemptsBySlice: Question<{ project: string; host: string; from: number; to: number }, AttemptsBySliceRow> = {
  sql: `
    SELECT toString(country) AS country, toString(release) AS release, toFloat64(sum(attempts.made * weight)) AS made, toFloat64(sum(attempts.made)) AS sample,
           toUInt32(uniqExact(toStartOfFiveMinutes(event_time))) AS bins
    FROM attempts FINAL
    WHERE ${within('attempts', 'from', 'to')} AND host = {host:String} AND ${FROM_AGENTS}
    GROUP BY country, release`,
};
