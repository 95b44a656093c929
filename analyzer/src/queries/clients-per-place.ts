import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface ClientsPerPlaceRow {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** Exactly one of them is not empty. */
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Start of the minute, s since the epoch. */
  readonly bin: number;
  readonly clients: number;
}

/** Failing clients in the last hour below which a place is not looked at. */
export const LEAST_IN_PLACE = 3;

const PLACES = `
  SELECT project, host, kind, place.1 AS dimension, place.2 AS value, bucket, counted
  FROM rollup_1m FINAL
  ARRAY JOIN [('network', toString(network)), ('country', toString(country)), ('release', toString(release))] AS place
  WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}`;

/**
 * How many clients failed in each minute, per project, host, kind and network, or country, or release, by the event clock? Only places with
 * at least three failing clients since `recent` are told: nothing is found in the others.
 * A device has one release, network and country at a time, so cells may be summed.
 * Cost: reads the asked hours of `rollup_1m` once; what is answered grows with places that fail again and again, not with clients.
 */
export const clientsPerPlace: Question<{ from: number; to: number; recent: number }, ClientsPerPlaceRow> = {
  sql: `
    SELECT project, host, kind, if(dimension = 'network', value, '') AS network, if(dimension = 'country', value, '') AS country,
           if(dimension = 'release', value, '') AS release, toUInt32(entry.1) AS bin, toUInt32(entry.2) AS clients
    FROM (
      SELECT project, host, kind, dimension, value, groupArray((toUInt32(bucket), clients)) AS bins,
             sumIf(clients, bucket >= toDateTime({recent:UInt32}, 'UTC')) AS lately
      FROM (SELECT project, host, kind, dimension, value, bucket, sum(counted) AS clients FROM (${PLACES}) GROUP BY ALL)
      GROUP BY project, host, kind, dimension, value
      HAVING lately >= ${LEAST_IN_PLACE}
    )
    ARRAY JOIN bins AS entry`,
};
