import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface ClientsPerNetworkRow {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  readonly network: string;
  /** Start of the minute, s since the epoch. */
  readonly bin: number;
  readonly clients: number;
}

/**
 * How many clients failed in each minute, per project, host, kind and network, by the event clock?
 * A device has one release and one country within a network, so its cells may be summed.
 * Cost: reads the asked hours of `rollup_1m`; rows grow with networks that fail at all, not with clients.
 */
export const clientsPerNetwork: Question<{ from: number; to: number }, ClientsPerNetworkRow> = {
  sql: `
    SELECT project, host, kind, network, toUInt32(bucket) AS bin, toUInt32(sum(signers)) AS clients
    FROM rollup_1m FINAL
    WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC') AND ${FROM_AGENTS}
    GROUP BY project, host, kind, network, bucket`,
};
