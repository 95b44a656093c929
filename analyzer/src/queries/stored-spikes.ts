import type { SpikeRow } from '@outcry/storage';
import type { Question } from './ask.js';

/**
 * Which spikes are there, each in its latest version, newest first? Open ones are found however old.
 * Cost: the versions of spikes since `from`; a spike that is open for an hour has some hundred versions until they merge.
 */
export const storedSpikes: Question<{ from: number; limit: number }, SpikeRow> = {
  sql: `
    SELECT * FROM (
      SELECT spike_id, toString(project) AS project, toString(host) AS host, toString(kind) AS kind, scope, toString(state) AS state,
             toUInt32(started_at) AS started_at, toUInt32(ended_at) AS ended_at, document, toString(version) AS version
      FROM spikes
      WHERE spikes.started_at >= toDateTime({from:UInt32}, 'UTC')
      ORDER BY spike_id, spikes.version DESC
      LIMIT 1 BY spike_id
    )
    ORDER BY started_at DESC, spike_id
    LIMIT {limit:UInt32}`,
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
