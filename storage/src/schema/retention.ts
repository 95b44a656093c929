import type { ClickHouseClient } from '@clickhouse/client';
import { COLUMNS } from '../columns.js';
import type { RowTable } from '../rows.js';
import { readState, writeState } from '../refresh-state.js';
import { rowTtl } from './row-tables.js';
import { onCluster, type Target } from './table.js';

/** Changes the TTL of the row tables where the configured retention is not the one in force, and remembers it. */
export async function applyRetention(client: ClickHouseClient, target: Target): Promise<void> {
  const state = await readState(client);
  if (state.retentionDays === target.retentionDays) return;
  // The tables were just made with it.
  if (state.retentionDays !== undefined) {
    for (const table of (Object.keys(COLUMNS) as RowTable[]).filter((name) => name !== 'dev_reports')) {
      // Parts are dropped whole when their time has come; rewriting them now would cost and change nothing.
      await client.command({
        query: `ALTER TABLE ${table}${onCluster(target)} MODIFY TTL ${rowTtl(table, target.retentionDays)}`,
        clickhouse_settings: { materialize_ttl_after_modify: 0 },
      });
    }
  }
  await writeState(client, 'retention_days', target.retentionDays, state.nowUs);
}
