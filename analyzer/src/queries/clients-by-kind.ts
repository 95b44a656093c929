import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';
import { beforeSigners, COUNTED, IN_STRETCH, nowSigners } from './stretch.js';
import type { Stretch } from './stretch.js';

export interface ClientsByKindRow {
  readonly kind: string;
  /** '' in the row of the whole kind. */
  readonly type: string;
  readonly now: number;
  /** The same without those that are one of many of their address prefix, and summed over the stretches of equal length before. */
  readonly counted: number;
  readonly countedBefore: number;
  /** Failed requests inside, repeats included. */
  readonly requests: number;
}

/**
 * What else fails at the host, inside the spike and before it, by kind and type? Everywhere, or in its places: there
 * the last mile (kind `offline`) can be told from a fault farther out.
 * Cost: reads `reports` of one host from the start of the baseline on.
 */
export const clientsByKind: Question<{ project: string; host: string } & Places & Stretch, ClientsByKindRow> = {
  sql: `
    SELECT toString(kind) AS kind, toString(type) AS type,
           ${nowSigners()} AS now,
           ${nowSigners(COUNTED)} AS counted,
           ${beforeSigners(COUNTED)} AS countedBefore,
           toFloat64(sumIf(count, event_time >= toDateTime({from:UInt32}, 'UTC'))) AS requests
    FROM reports FINAL
    WHERE ${IN_STRETCH}
      AND host = {host:String} AND ${IN_PLACES} AND ${FROM_AGENTS}
    GROUP BY GROUPING SETS ((kind), (kind, type))`,
};
