import type { ClickHouseClient } from '@clickhouse/client';

/** What is remembered between refreshes. Microseconds are of the server's clock, which also stamps `inserted_at`. */
export interface RefreshState {
  readonly nowUs: number;
  /** Rows inserted before were counted, but for an overlap; undefined before the first refresh. */
  readonly watermarkUs: number | undefined;
  /** Version of the latest refresh. */
  readonly version: number;
  /** Days after which the first rows go: the shortest retention of all projects. */
  readonly retentionDays: number | undefined;
  /** Stands for the TTL in force. */
  readonly retentionRule: number | undefined;
}

type StateName = 'watermark_us' | 'retention_days' | 'retention_rule';

/** Reads the state and the server's clock together. Microseconds since the epoch stay exact in a double until the year 2255. */
export async function readState(client: ClickHouseClient): Promise<RefreshState> {
  const result = await client.query({
    query: `SELECT toUInt64(toUnixTimestamp64Micro(now64(6))) AS now_us, name, value, version
FROM (SELECT '' AS name, toUInt64(0) AS value, toUInt64(0) AS version UNION ALL SELECT name, value, version FROM refresh_state FINAL)`,
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  const rows = await result.json<{ now_us: number; name: string; value: number; version: number }>();
  const find = (name: StateName) => rows.find((row) => row.name === name);
  return {
    nowUs: rows[0]?.now_us ?? 0,
    watermarkUs: find('watermark_us')?.value,
    version: find('watermark_us')?.version ?? 0,
    retentionDays: find('retention_days')?.value,
    retentionRule: find('retention_rule')?.value,
  };
}

/** Writes one number; of two writers the higher version stays. */
export async function writeState(client: ClickHouseClient, name: StateName, value: number, version: number): Promise<void> {
  await client.insert({
    table: 'refresh_state',
    values: [{ name, value, version }],
    format: 'JSONEachRow',
    clickhouse_settings: { async_insert: 0, insert_deduplicate: 0 },
  });
}
