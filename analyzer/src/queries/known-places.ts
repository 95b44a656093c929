import type { Question } from './ask.js';

export interface KnownPlaceRow {
  readonly network: string;
  readonly country: string;
  readonly release: string;
}

/**
 * Where does the project have clients at all, failing or not? So that a network that does not fail counts as evidence.
 * Cost: three low-cardinality columns of one day of `attempts`, and of `rollup_1h`.
 */
export const knownPlaces: Question<{ project: string; from: number }, KnownPlaceRow> = {
  sql: `
    SELECT DISTINCT network, country, release FROM (
      SELECT toString(network) AS network, toString(country) AS country, toString(release) AS release
      FROM attempts WHERE project = {project:String} AND event_time >= toDateTime({from:UInt32}, 'UTC')
      UNION ALL
      SELECT toString(network) AS network, toString(country) AS country, toString(release) AS release
      FROM rollup_1h WHERE clock = 'event' AND project = {project:String} AND bucket >= toDateTime({from:UInt32}, 'UTC')
    )
    LIMIT 20000`,
};
