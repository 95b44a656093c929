import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';
import { within } from './within.js';

export interface NelByTypeRow {
  /** '' in the row of all types that do not hide their cause. */
  readonly type: string;
  /** Least number of browsers, in the stretch and in all of the baseline. */
  readonly now: number;
  readonly before: number;
}

/**
 * What browsers reported by themselves about one host (Network Error Logging), by type. They do not say which release they run, so nothing is told
 * of a place that names one. Their numbers count within one run of one collector, so the largest of the runs is taken, never the sum (ADR 0008). These rows are in no other answer.
 * Cost: as `clientsByKind`, over the rows of source `nel`.
 */
export const nelByType: Question<
  { project: string; host: string; masking: readonly string[]; before: number; from: number; to: number } & Places,
  NelByTypeRow
> = {
  sql: `
    SELECT type, toUInt32(max(inside)) AS now, toUInt32(max(earlier)) AS before
    FROM (
      SELECT bitShiftRight(signer, 48) AS run, named AS type,
             uniqExactIf(signer, event_time >= toDateTime({from:UInt32}, 'UTC')) AS inside,
             uniqExactIf(signer, event_time < toDateTime({from:UInt32}, 'UTC')) AS earlier
      FROM (
        SELECT event_time, signer, toString(type) AS type
        FROM reports FINAL
        WHERE ${within('reports', 'before', 'to')}
          AND host = {host:String} AND ${IN_PLACES} AND source = 'nel' AND signer != 0
      )
      ARRAY JOIN if(type IN {masking:Array(String)}, [type], [type, '']) AS named
      GROUP BY run, named
    )
    GROUP BY type`,
};
