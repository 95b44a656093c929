import type { SpikeRow } from '@outcry/storage';
import type { Question } from './ask.js';

/**
 * Which spikes are there that no other one tells, each in its latest version, newest first? Those that began since `from`, and open ones however
 * old; where there are more than `limit`, open ones before closed ones, and then the newest.
 * Cost: the versions of these, of which one that is open for an hour has some hundred until they merge, and three narrow columns of all.
 */
export const storedSpikes: Question<{ from: number; limit: number }, SpikeRow> = {
  sql: `
    SELECT * FROM (
      SELECT * FROM (
        SELECT spike_id, toString(project) AS project, toString(host) AS host, toString(kind) AS kind, scope, toString(state) AS state,
               toUInt32(started_at) AS started_at, toUInt32(ended_at) AS ended_at, document, toString(version) AS version
        FROM spikes
        WHERE spikes.started_at >= toDateTime({from:UInt32}, 'UTC')
           OR spike_id IN (SELECT spike_id FROM spikes GROUP BY spike_id HAVING argMax(state, version) NOT IN ('closed', 'merged'))
        ORDER BY spike_id, spikes.version DESC
        LIMIT 1 BY spike_id
      )
      WHERE state != 'merged'
      ORDER BY state = 'closed', started_at DESC, spike_id
      LIMIT {limit:UInt32}
    )
    ORDER BY started_at DESC, spike_id`,
};

/** One spike by its id. Cost: the versions of one spike. */
export const storedSpike: Question<{ id: string }, SpikeRow> = {
  sql: `
    SELECT spike_id, toString(project) AS project, toString(host) AS host, toString(kind) AS kind, scope, toString(state) AS state,
           toUInt32(started_at) AS started_at, toUInt32(ended_at) AS ended_at, document, toString(version) AS version
    FROM spikes
    WHERE spike_id = {id:String}
    ORDER BY spikes.version DESC
    LIMIT 1`,
};
