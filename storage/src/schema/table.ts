/** Renders CREATE TABLE for one server or for a cluster, the only two forms that the schema is written in. */
import type { Column } from '../columns.js';

/** What a rendering depends on. */
export interface Target {
  /** Name of the cluster; undefined for one server. */
  readonly cluster: string | undefined;
  /** Days that single rows are kept. */
  readonly retentionDays: number;
  /** The same for projects that keep them longer or shorter. */
  readonly projectRetentionDays?: Readonly<Record<string, number>>;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Skip indexes, as they stand in the column list. */
  readonly indexes?: readonly string[];
  /** Version column of a ReplacingMergeTree, with its `is_deleted` column where there is one; a plain MergeTree without. */
  readonly replacing?: readonly string[];
  readonly partitionBy?: string;
  readonly primaryKey?: string;
  readonly orderBy: string;
  readonly ttl?: string;
  readonly settings?: readonly string[];
  /** True where batches are inserted with a token, which the server then remembers. */
  readonly hasTokens?: boolean;
}

/** Tokens remembered per table; only saves work, since counts rest on ids (ADR 0002). */
const TOKEN_WINDOW = 10_000;

/** `ON CLUSTER` with its name, or ''. */
export function onCluster({ cluster }: Target): string {
  return cluster === undefined ? '' : ` ON CLUSTER ${identifier(cluster)}`;
}

/** An identifier of ClickHouse SQL in backticks. */
export function identifier(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, '\\$&')}\``;
}

/** The engine clause: replicated in a cluster, whose servers fill in `{shard}`, `{database}` and `{replica}` by themselves. */
export function engine(table: Pick<Table, 'name' | 'replacing'>, { cluster }: Target): string {
  const family = table.replacing === undefined ? 'MergeTree' : 'ReplacingMergeTree';
  const args = [...(table.replacing ?? [])];
  if (cluster === undefined) return `${family}(${args.join(', ')})`;
  return `Replicated${family}(${[`'/clickhouse/tables/{shard}/{database}/${table.name}'`, "'{replica}'", ...args].join(', ')})`;
}

/** The statement that makes a table where it is missing. */
export function createTable(table: Table, target: Target): string {
  const window = target.cluster === undefined ? 'non_replicated_deduplication_window' : 'replicated_deduplication_window';
  const settings = [...(table.settings ?? []), ...(table.hasTokens === true ? [`${window} = ${TOKEN_WINDOW}`] : [])];
  const lines = [
    `CREATE TABLE IF NOT EXISTS ${table.name}${onCluster(target)} (`,
    [...table.columns.map(columnLine), ...(table.indexes ?? [])].map((line) => `  ${line}`).join(',\n'),
    `) ENGINE = ${engine(table, target)}`,
    ...clause('PARTITION BY', table.partitionBy),
    ...clause('PRIMARY KEY', table.primaryKey),
    `ORDER BY ${table.orderBy}`,
    ...clause('TTL', table.ttl),
    ...clause('SETTINGS', settings.length === 0 ? undefined : settings.join(', ')),
  ];
  return lines.join('\n');
}

function clause(word: string, text: string | undefined): string[] {
  return text === undefined ? [] : [`${word} ${text}`];
}

/** `name type [DEFAULT …] [CODEC …] [TTL …]`, where the column's type text may hold the parts after it already. */
export function columnLine({ name, type }: Column): string {
  return `${name} ${withCodec(type)}`;
}

/**
 * The type with the codec that suits it: differences for times, which lie near each other in a part; bit planes for counts; plain ZSTD
 * for words and flags; none for ids, which are random.
 */
export function withCodec(type: string): string {
  if (type.includes('CODEC(') || type === 'UInt64') return type;
  if (type.startsWith('DateTime')) return `${type} CODEC(Delta, ZSTD(1))`;
  return type === 'UInt32' ? `${type} CODEC(T64, ZSTD(1))` : `${type} CODEC(ZSTD(1))`;
}
