import { FROM_AGENTS } from './ask.js';
import type { Question } from './ask.js';

export interface InventoryRow {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** First and last hour with a failure, s since the epoch. */
  readonly first: number;
  readonly last: number;
  /** The most failing clients in one hour. */
  readonly clients: number;
}

/**
 * What has been heard of at all? Cost: a cell an hour and series since `from`.
 */
export const inventory: Question<{ from: number }, InventoryRow> = {
  sql: `
    SELECT project, host, kind, toUInt32(min(bucket)) AS first, toUInt32(max(bucket)) AS last, toUInt32(max(clients)) AS clients
    FROM (
      SELECT toString(project) AS project, toString(host) AS host, toString(kind) AS kind, bucket, sum(signers) AS clients
      FROM series_1h FINAL
      WHERE clock = 'event' AND bucket >= toDateTime({from:UInt32}, 'UTC') AND ${FROM_AGENTS}
      GROUP BY project, host, kind, bucket
    )
    GROUP BY project, host, kind
    ORDER BY project, host, kind`,
};
