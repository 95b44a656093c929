/**
 * The tables that collectors fill. The same envelope may reach two collectors, which place and stamp its rows differently, so partition
 * and sorting key hold only what the envelope itself says: every copy of a row then meets the others and is merged into one.
 */
import { COLUMNS, ID_COLUMN, SERVER_COLUMNS, type Column } from '../columns.js';
import type { RowTable } from '../rows.js';
import type { Table, Target } from './table.js';

/** Signers, and how they stood in their prefix, are kept for 8 days after the day that they were made for, then cleared. */
const SIGNER_TTL = 'TTL toDate(sealed_day) + INTERVAL 9 DAY';
/** The highest version wins in a ReplacingMergeTree; this one falls as time goes on, so the first inserted copy wins (ADR 0002). */
const RANK = 'MATERIALIZED toUInt64(18446744073709551615) - toUInt64(toUnixTimestamp64Micro(inserted_at)) CODEC(Delta, ZSTD(1))';
const DEVELOPMENT_TTL = 'received_at + INTERVAL 24 HOUR';

/** What the server adds to a column's type. */
const EXTRA: Readonly<Record<string, string>> = {
  inserted_at: 'DEFAULT now64(6) CODEC(Delta, ZSTD(1))',
  rank: RANK,
  signer: SIGNER_TTL,
  crowd: `CODEC(ZSTD(1)) ${SIGNER_TTL}`,
};

/** A column as it stands in a table: with default, codec and TTL of its own. */
export function storedColumn({ name, type }: Column): Column {
  const extra = EXTRA[name];
  // A codec is already there or not wanted wherever there is something to add.
  return { name, type: extra === undefined ? type : extra.includes('CODEC(') ? `${type} ${extra}` : `${type} CODEC(NONE) ${extra}` };
}

/** Keys: project first, since every question is about one; then time, so that a question about minutes reads minutes. */
const SORT: Readonly<Record<RowTable, readonly string[]>> = {
  reports: ['project', 'toStartOfFiveMinutes(occurred_at)', 'host', 'kind'],
  dev_reports: ['project', 'toStartOfFiveMinutes(occurred_at)', 'host', 'kind'],
  attempts: ['project', 'bin_start', 'host'],
  deliveries: ['project', 'sent_at'],
  losses: ['project', 'reason'],
  consent_counts: ['project', 'granted_day'],
};

/** New rows lie in few parts, and late ones in few granules: a minimum and a maximum per granule finds both. */
const minmax = (column: string): string => `INDEX by_${column} ${column} TYPE minmax GRANULARITY 1`;

/** One of the tables that collectors fill. */
export function rowTable(name: RowTable, target: Target): Table {
  const columns = [...COLUMNS[name], ...SERVER_COLUMNS];
  const timed = ['inserted_at', 'received_at', 'event_time'].filter((time) => columns.some((column) => column.name === time));
  return {
    name,
    columns: columns.map(storedColumn),
    indexes: timed.map(minmax),
    replacing: ['rank'],
    partitionBy: 'sealed_day',
    primaryKey: `(${SORT[name].join(', ')})`,
    orderBy: `(${[...SORT[name], ID_COLUMN[name]].join(', ')})`,
    ttl: rowTtl(name, target),
    settings: ['merge_with_ttl_timeout = 3600'],
    hasTokens: true,
  };
}

/** When a row is dropped: by its sealing day and project, which every copy of it shares; development reports by their arrival. */
export function rowTtl(name: RowTable, { retentionDays, projectRetentionDays = {} }: Target): string {
  if (name === 'dev_reports') return DEVELOPMENT_TTL;
  const own = Object.entries(projectRetentionDays)
    .filter(([, days]) => days !== retentionDays)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const cases = own.map(([project, days]) => `project = '${project.replaceAll(/[\\']/g, '\\$&')}', ${days}`);
  const days = own.length === 0 ? `INTERVAL ${retentionDays} DAY` : `toIntervalDay(multiIf(${cases.join(', ')}, ${retentionDays}))`;
  return `toDate(sealed_day) + ${days}`;
}
