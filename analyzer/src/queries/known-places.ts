import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface KnownPlaceRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
  /** Attempts heard from there, weighted; where a project has none, failing clients. */
  readonly clients: number;
  /** The part of it heard from `recent` until `until`. */
  readonly recent: number;
}

/**
 * Where does the project have clients, failing or not, and how many requests do they make? So that a network that does not fail counts as evidence.
 * The hours just before tell which countries are awake and which releases are in use by now.
 * Cost: three low-cardinality columns of one day of `attempts`, and of `rollup_1h`.
 */
export const knownPlaces: Question<{ project: string; from: number; recent: number; until: number }, KnownPlaceRow> = {
  sql: `
    SELECT network, country, release, toFloat64(sum(made)) AS clients,
           toFloat64(sumIf(made, at >= toDateTime({recent:UInt32}, 'UTC') AND at < toDateTime({until:UInt32}, 'UTC'))) AS recent
    FROM (
      SELECT event_time AS at, toString(network) AS network, toString(country) AS country, toString(release) AS release, toFloat64(attempts.made * weight) AS made
      FROM attempts WHERE project = {project:String} AND event_time >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
      UNION ALL
      SELECT bucket, toString(network), toString(country), toString(release), toFloat64(signers)
      FROM rollup_1h FINAL
      WHERE clock = 'event' AND project = {project:String} AND bucket >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
    )
    GROUP BY network, country, release
    ORDER BY clients DESC
    LIMIT 20000`,
};
