import type { ClickHouseClient } from '@clickhouse/client';
import { COLUMNS } from '../columns.js';
import type { RowTable } from '../rows.js';
import { storedColumn } from './row-tables.js';
import { columnLine, onCluster, type Target } from './table.js';

const ROW_TABLES = Object.keys(COLUMNS) as RowTable[];

/**
 * Adds a column for each protocol field that a table does not have yet: fields are append-only, so this is all that a new one needs.
 * Older rows read as the type's default.
 */
export async function addMissingColumns(client: ClickHouseClient, target: Target): Promise<void> {
  const result = await client.query({
    query: 'SELECT table, name FROM system.columns WHERE database = currentDatabase() AND table IN {tables:Array(String)}',
    query_params: { tables: ROW_TABLES },
    format: 'JSONEachRow',
  });
  const present = new Set((await result.json<{ table: string; name: string }>()).map(({ table, name }) => `${table}.${name}`));
  for (const table of ROW_TABLES) {
    const missing = COLUMNS[table].filter(({ name }) => !present.has(`${table}.${name}`));
    if (missing.length === 0) continue;
    const additions = missing.map((column) => `ADD COLUMN IF NOT EXISTS ${columnLine(storedColumn(column))}`);
    await client.command({ query: `ALTER TABLE ${table}${onCluster(target)} ${additions.join(', ')}` });
  }
}
