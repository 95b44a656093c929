import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';
import { within } from './within.js';

export interface AttemptsRow {
  readonly made: number;
  readonly failed: number;
  readonly made_before: number;
  readonly failed_before: number;
}

/**
 * How many requests did the panel's clients in some places make, and how many failed, in the bins of the spike and before it?
 * Cost: reads `attempts` of one host from the start of the baseline on.
 */
export const attemptsOfPlace: Question<{ project: string; host: string; before: number; from: number; to: number } & Places, AttemptsRow> =
  {
    sql: `
    SELECT toFloat64(sumIf(attempts.made * weight, event_time >= toDateTime({from:UInt32}, 'UTC'))) AS made,
           toFloat64(sumIf(attempts.failed * weight, event_time >= toDateTime({from:UInt32}, 'UTC'))) AS failed,
           toFloat64(sumIf(attempts.made * weight, event_time < toDateTime({from:UInt32}, 'UTC'))) AS made_before,
           toFloat64(sumIf(attempts.failed * weight, event_time < toDateTime({from:UInt32}, 'UTC'))) AS failed_before
    FROM attempts FINAL
    WHERE ${within('attempts', 'before', 'to')}
      AND host = {host:String} AND ${IN_PLACES} AND ${FROM_AGENTS}`,
  };
