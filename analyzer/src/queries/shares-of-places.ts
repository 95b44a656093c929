import type { ShareRow } from '../watch/shares.js';
import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

/**
 * Which share of a project's requests comes from which network, country and release? From the panel's attempts; where there are none, from the
 * failures of `failuresFrom` on.
 * Cost: the asked hours of `attempts`, and of `rollup_1h`; asked every ten minutes.
 */
export const sharesOfPlaces: Question<{ from: number; failuresFrom: number }, ShareRow> = {
  sql: `
    SELECT project, place.1 AS dimension, place.2 AS value, toFloat64(sum(clients)) AS clients
    FROM (
      SELECT toString(project) AS project, toString(network) AS network, toString(country) AS country, toString(release) AS release,
             toFloat64(sum(attempts.made * weight)) AS clients
      FROM attempts WHERE event_time >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS} GROUP BY ALL
      UNION ALL
      SELECT toString(project), toString(network), toString(country), toString(release), toFloat64(sum(signers))
      FROM rollup_1h FINAL
      WHERE clock = 'event' AND bucket >= toDateTime({failuresFrom:UInt32}, 'UTC') AND ${FROM_AGENTS}
        AND project NOT IN (SELECT DISTINCT project FROM attempts WHERE event_time >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS})
      GROUP BY ALL
    )
    ARRAY JOIN [('network', network), ('country', country), ('release', release)] AS place
    GROUP BY project, dimension, value`,
};
