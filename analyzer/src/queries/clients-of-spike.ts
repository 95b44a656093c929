import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';
import { IN_PLACES } from './in-places.js';
import type { Places } from './in-places.js';
import { within } from './within.js';

export interface ClientsOfSpikeRow {
  /** Different clients of the UTC day that has most of them: no client counts twice. */
  readonly most: number;
  /** Those of each day, summed: a client has another id on another day. */
  readonly all: number;
  /** Failed requests that were told, repeats included, and what they stand for: each weighs 1 ÷ its sampling. */
  readonly requests: number;
  readonly weight: number;
}

/**
 * How many clients did a spike hit from its start to now, however long it lasts, everywhere or in its places?
 * Cost: reads `reports` of one host and kind from the start of the spike on, deduplicated by FINAL.
 */
export const clientsOfSpike: Question<
  { project: string; host: string; kind: string; start: number; to: number } & Places,
  ClientsOfSpikeRow
> = {
  sql: `
    SELECT toUInt32(max(n)) AS most, toUInt32(sum(n)) AS all, toFloat64(sum(told)) AS requests, toFloat64(sum(stands_for)) AS weight
    FROM (
      SELECT uniqExact(signer) AS n, sum(count) AS told, sum(count * weight) AS stands_for
      FROM reports FINAL
      WHERE ${within('reports', 'start', 'to')}
        AND host = {host:String} AND kind = {kind:String} AND ${IN_PLACES} AND ${FROM_AGENTS}
      GROUP BY toDate(event_time, 'UTC')
    )`,
};
