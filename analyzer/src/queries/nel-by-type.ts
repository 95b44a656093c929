import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';
import { STRETCH_BEFORE } from './stretch.js';
import type { Stretch } from './stretch.js';
import { within } from './within.js';

export interface NelByTypeRow {
  /** '' in the row of all types that do not hide their cause. */
  readonly type: string;
  /** Least number of browsers inside the spike. */
  readonly now: number;
  /** The same of each stretch of equal length before it, summed: distinct browsers do not grow with time. */
  readonly before: number;
}

/**
 * What browsers reported by themselves about one host (Network Error Logging), by type. They do not say which release they run, so nothing is told
 * of a place that names one. Their numbers count within one run of one collector, so in each stretch the largest of the runs is taken, never the
 * sum (ADR 0008). These rows are in no other answer.
 * Cost: as `clientsByKind`, over the rows of source `nel`.
 */
export const nelByType: Question<{ project: string; host: string; masking: readonly string[] } & Places & Stretch, NelByTypeRow> = {
  sql: `
    SELECT type, toUInt32(sumIf(clients, stretch = 0)) AS now, toUInt32(sumIf(clients, stretch > 0)) AS before
    FROM (
      SELECT type, stretch, max(browsers) AS clients
      FROM (
        SELECT bitShiftRight(signer, 48) AS run, named AS type, stretch, uniqExact(signer) AS browsers
        FROM (
          SELECT signer, toString(type) AS type,
                 if(event_time >= toDateTime({from:UInt32}, 'UTC'), 0, 1 + ${STRETCH_BEFORE}) AS stretch
          FROM reports FINAL
          WHERE ${within('reports', 'before', 'to')}
            AND (event_time >= toDateTime({from:UInt32}, 'UTC') OR event_time < toDateTime({start:UInt32}, 'UTC'))
            AND host = {host:String} AND ${IN_PLACES} AND source = 'nel' AND signer != 0
        )
        ARRAY JOIN if(type IN {masking:Array(String)}, [type], [type, '']) AS named
        GROUP BY run, named, stretch
      )
      GROUP BY type, stretch
    )
    GROUP BY type`,
};
