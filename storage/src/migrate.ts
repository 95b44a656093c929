import type { ClickHouseClient } from '@clickhouse/client';
import { OutcryError } from '@outcry/protocol';
import { addMissingColumns } from './schema/add-missing-columns.js';
import { MIGRATIONS, MIGRATIONS_TABLE } from './schema/migrations.js';
import { applyRetention } from './schema/retention.js';
import { createTable, type Target } from './schema/table.js';

/**
 * A report may be 8 days late, and its cell is then recomputed from all of its rows, which a wrong clock may have sealed 8 days before;
 * none of them may be gone by then.
 */
const MIN_RETENTION_DAYS = 18;
const MAX_RETENTION_DAYS = 3_650;
const DEFAULT_RETENTION_DAYS = 90;

export interface MigrateOptions {
  /** Cluster name for ON CLUSTER and replicated engines; a single server without. */
  readonly cluster?: string;
  /** Days that single reports, attempts and their like are kept, 18 to 3650; 90 without. */
  readonly retentionDays?: number;
  /** The same bounds for single projects; the others take `retentionDays`. */
  readonly projectRetentionDays?: Readonly<Record<string, number>>;
}

/**
 * Brings the schema up to date: applies what is missing in order, adds columns of new protocol fields, sets the retention.
 * Safe to call at every start and from several processes at once.
 *
 * @returns The numbers of the migrations applied now.
 * Throws OUTCRY_BAD_CONFIG for a retention out of its bounds, else what the server says.
 */
export async function migrate(client: ClickHouseClient, options: MigrateOptions = {}): Promise<{ applied: number[] }> {
  const { cluster, retentionDays = DEFAULT_RETENTION_DAYS, projectRetentionDays = {} } = options;
  const isAllowed = (days: number): boolean => Number.isInteger(days) && days >= MIN_RETENTION_DAYS && days <= MAX_RETENTION_DAYS;
  if (![retentionDays, ...Object.values(projectRetentionDays)].every(isAllowed)) {
    throw new OutcryError('OUTCRY_BAD_CONFIG', `retention_days must be a whole number from ${MIN_RETENTION_DAYS} to ${MAX_RETENTION_DAYS}`);
  }
  const target: Target = { cluster, retentionDays, projectRetentionDays };
  await client.command({ query: createTable(MIGRATIONS_TABLE, target) });
  const result = await client.query({ query: 'SELECT number FROM schema_migrations FINAL', format: 'JSONEachRow' });
  const known = new Set((await result.json<{ number: number }>()).map(({ number }) => number));
  const applied: number[] = [];
  for (const { number, name, statements } of MIGRATIONS) {
    if (known.has(number)) continue;
    for (const query of statements(target)) await client.command({ query });
    await client.insert({ table: 'schema_migrations', values: [{ number, name }], columns: ['number', 'name'], format: 'JSONEachRow' });
    applied.push(number);
  }
  await addMissingColumns(client, target);
  await applyRetention(client, target);
  return { applied };
}
