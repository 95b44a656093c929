/** The counts per bucket. Cells are recomputed whole and the latest version wins, so they are always read with FINAL (ADR 0002). */
import type { Column } from '../columns.js';
import type { Table } from './table.js';

export interface Rollup {
  readonly name: 'rollup_10s' | 'rollup_1m' | 'rollup_1h';
  readonly widthS: number;
  readonly keptDays: number;
  /** What tells the cells of a bucket apart. */
  readonly dimensions: readonly string[];
  readonly partitionBy: string;
}

const SERIES = ['project', 'host', 'kind', 'source'];
const PLACES = [...SERIES, 'network', 'country', 'release'];

export const ROLLUPS: readonly Rollup[] = [
  { name: 'rollup_10s', widthS: 10, keptDays: 3, dimensions: SERIES, partitionBy: 'toDate(bucket)' },
  { name: 'rollup_1m', widthS: 60, keptDays: 35, dimensions: PLACES, partitionBy: 'toMonday(bucket)' },
  // A partition a month: 400 days in days would be 400 small parts.
  { name: 'rollup_1h', widthS: 3_600, keptDays: 400, dimensions: PLACES, partitionBy: 'toYYYYMM(bucket)' },
];

const WORD = 'LowCardinality(String)';
const MEASURES: readonly Column[] = [
  { name: 'failures', type: 'UInt64 CODEC(T64, ZSTD(1))' },
  { name: 'repeats', type: 'UInt64 CODEC(T64, ZSTD(1))' },
  { name: 'signers', type: 'UInt64 CODEC(T64, ZSTD(1))' },
  { name: 'weight', type: 'Float64' },
  { name: 'version', type: 'UInt64 CODEC(Delta, ZSTD(1))' },
  // A cell whose rows all proved to be copies of rows elsewhere; FINAL leaves it out.
  { name: 'is_empty', type: 'UInt8' },
];

export function rollupTable({ name, keptDays, dimensions, partitionBy }: Rollup): Table {
  return {
    name,
    columns: [
      { name: 'clock', type: WORD },
      { name: 'bucket', type: "DateTime('UTC')" },
      ...dimensions.map((dimension) => ({ name: dimension, type: WORD })),
      ...MEASURES,
    ],
    replacing: ['version', 'is_empty'],
    partitionBy,
    orderBy: `(project, clock, bucket, ${dimensions.filter((dimension) => dimension !== 'project').join(', ')})`,
    ttl: `bucket + INTERVAL ${keptDays} DAY`,
    settings: ['ttl_only_drop_parts = 1'],
  };
}

/** Which buckets each refresh has touched; the next ones look at them again (ADR 0002). */
export const REFRESHED_BUCKETS: Table = {
  name: 'refreshed_buckets',
  columns: [
    { name: 'clock', type: WORD },
    { name: 'bucket', type: "DateTime('UTC')" },
    { name: 'version', type: 'UInt64 CODEC(Delta, ZSTD(1))' },
  ],
  partitionBy: 'intDiv(version, 86400000000)',
  orderBy: '(version, clock, bucket)',
  ttl: 'toDateTime(intDiv(version, 1000000)) + INTERVAL 2 DAY',
  settings: ['ttl_only_drop_parts = 1'],
};

/** Named numbers that outlive a process: how far rollups reach, how long rows are kept. */
export const REFRESH_STATE: Table = {
  name: 'refresh_state',
  columns: [
    { name: 'name', type: 'String' },
    { name: 'value', type: 'UInt64 CODEC(ZSTD(1))' },
    { name: 'version', type: 'UInt64 CODEC(ZSTD(1))' },
  ],
  replacing: ['version'],
  orderBy: 'name',
};
