import { createHash } from 'node:crypto';
import type { ClickHouseClient } from '@clickhouse/client';
import { COLUMNS } from '../columns.js';
import type { RowTable } from '../rows.js';
import { readState, writeState } from '../refresh-state.js';
import { rowTtl } from './row-tables.js';
import { onCluster, type Target } from './table.js';

/** A number that stands for one rule, exact in a double. */
function numberOf(rule: string): number {
  return createHash('sha256').update(rule).digest().readUIntBE(0, 6);
}

/** Changes the TTL of the row tables where the configured retention is not the one in force, and remembers it. */
export async function applyRetention(client: ClickHouseClient, target: Target): Promise<void> {
  const state = await readState(client);
  const rule = numberOf(rowTtl('reports', target));
  if (state.retentionRule === rule) return;
  // Without any retention in force the tables were just made with this one.
  if (state.retentionDays !== undefined) {
    for (const table of (Object.keys(COLUMNS) as RowTable[]).filter((name) => name !== 'dev_reports')) {
      // Parts know their time from when they were written; unless they are rewritten, a shorter retention would come late to what is there.
      await client.command({
        query: `ALTER TABLE ${table}${onCluster(target)} MODIFY TTL ${rowTtl(table, target)}`,
        clickhouse_settings: { materialize_ttl_after_modify: 1, mutations_sync: '0' },
      });
    }
  }
  // What rollups may still be recomputed from: the rows of the project that keeps them shortest.
  const shortest = Math.min(target.retentionDays, ...Object.values(target.projectRetentionDays ?? {}));
  await writeState(client, 'retention_days', shortest, state.nowUs);
  await writeState(client, 'retention_rule', rule, state.nowUs);
}
