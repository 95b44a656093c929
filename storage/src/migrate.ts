import type { ClickHouseClient } from '@clickhouse/client';

export interface MigrateOptions {
  /** Cluster name for ON CLUSTER and replicated engines; a single server without. */
  readonly cluster?: string;
  /** Days that single reports, attempts and their like are kept, 10 to 3650; 90 without. */
  readonly retentionDays?: number;
}

/** Brings the schema up to date. Safe to call at every start and from several processes. */
export function migrate(client: ClickHouseClient, options: MigrateOptions = {}): Promise<{ applied: number[] }> {
  return Promise.reject(new Error(`being written: ${String(client)}${String(options.cluster)}`));
}
