import { SettingsMap, type ClickHouseClient } from '@outcry/storage';

/** A copy of a row that was inserted first wins (ADR 0002), so leaving out what was inserted later gives the table as it was. */
const INSERTED = ['reports', 'attempts', 'deliveries'];
/** The latest version wins here: what was written again later is missing, not wrong. */
const WRITTEN = ['server_metrics', 'markers'];
/** Cells are recomputed, so only those of hours that are over are told. */
const HOURLY = ['rollup_1h', 'series_1h'];
const HOUR_S = 3_600;

/**
 * A client that asks storage as it was at a moment: every question sees only the rows that were there then.
 *
 * @param nowS - The moment, s since the epoch; asked for at each question.
 */
export function asOf(client: ClickHouseClient, nowS: () => number): ClickHouseClient {
  type Query = ClickHouseClient['query'];
  const query = ((params: Parameters<Query>[0]) => {
    const at = Math.floor(nowS());
    const inserted = `inserted_at <= fromUnixTimestamp64Micro(${at}000000)`;
    const filters = Object.fromEntries([
      ...INSERTED.map((table) => [table, inserted]),
      ...WRITTEN.map((table) => [table, `written_at <= fromUnixTimestamp64Micro(${at}000000)`]),
      ...HOURLY.map((table) => [table, `toUnixTimestamp(bucket) + ${HOUR_S} <= ${at}`]),
    ]) as Record<string, string>;
    return client.query({
      ...params,
      clickhouse_settings: { ...params.clickhouse_settings, additional_table_filters: SettingsMap.from(filters) },
    });
  }) as Query;
  return new Proxy(client, { get: (target, key) => (key === 'query' ? query : (Reflect.get(target, key) as unknown)) });
}
