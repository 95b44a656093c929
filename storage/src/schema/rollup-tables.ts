/** The counts per bucket. Cells are recomputed whole and the latest version wins, so they are always read with FINAL (ADR 0002). */
import type { Column } from '../columns.js';
import { onCluster, type Table, type Target } from './table.js';

export interface Rollup {
  readonly name: 'rollup_10s' | 'rollup_1m' | 'rollup_1h' | 'series_1m' | 'series_1h';
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

/** A rollup without places, made of the cells of one that has them. */
export interface SeriesRollup extends Rollup {
  readonly cellsOf: Rollup['name'];
}

/** What is asked about series over days reads a cell a series and bucket here; with all places it would read nearly as many as there are reports. */
export const SERIES_ROLLUPS: readonly SeriesRollup[] = [
  { name: 'series_1m', cellsOf: 'rollup_1m', widthS: 60, keptDays: 35, dimensions: SERIES, partitionBy: 'toMonday(bucket)' },
  { name: 'series_1h', cellsOf: 'rollup_1h', widthS: 3_600, keptDays: 400, dimensions: SERIES, partitionBy: 'toYYYYMM(bucket)' },
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

/**
 * Adds to each rollup how many of its signers count for the detector: those that were not one of many of their address prefix. Cells of
 * before read as if all of theirs did.
 */
export function addCounted(target: Target): string[] {
  return ROLLUPS.map(
    ({ name }) =>
      `ALTER TABLE ${name}${onCluster(target)} ADD COLUMN IF NOT EXISTS counted UInt64 DEFAULT signers CODEC(T64, ZSTD(1)) AFTER signers`,
  );
}

/** What `addCounted` gave the other rollups. */
const COUNTED: Column = { name: 'counted', type: 'UInt64 DEFAULT signers CODEC(T64, ZSTD(1))' };

export function seriesTable(rollup: SeriesRollup): Table {
  const table = rollupTable(rollup);
  return { ...table, columns: [...table.columns, COUNTED] };
}

/** Cells that one statement of `fillSeries` covers; older ones are told apart by their distance to today. */
const FILLED_AT_ONCE_DAYS = { series_1m: 7, series_1h: 31 } as const;

/**
 * Fills the series rollups from the cells that are there, in statements that read a bounded stretch each. Cells made by a refresh have a
 * higher version and stay; where the day changes between two statements, they overlap.
 */
export function fillSeries(): string[] {
  return SERIES_ROLLUPS.flatMap((series) => {
    const { name, cellsOf, keptDays, dimensions } = series;
    const step = FILLED_AT_ONCE_DAYS[name as keyof typeof FILLED_AT_ONCE_DAYS];
    const keys = ['clock', 'bucket', ...dimensions].join(', ');
    return Array.from({ length: Math.ceil((keptDays + 2) / step) }, (_, i) => {
      const before = (days: number): string => `toStartOfDay(now('UTC')) - INTERVAL ${days} DAY`;
      // The first stretch reaches into tomorrow: clocks of servers differ.
      const newest = i === 0 ? `toStartOfDay(now('UTC')) + INTERVAL 2 DAY` : before(i * step);
      return `INSERT INTO ${name} (${keys}, failures, repeats, signers, counted, weight, version, is_empty)
SELECT ${keys}, sum(${cellsOf}.failures), sum(${cellsOf}.repeats), sum(${cellsOf}.signers), sum(${cellsOf}.counted), sum(${cellsOf}.weight), 0, 0
FROM ${cellsOf} FINAL
WHERE bucket >= ${before((i + 1) * step)} AND bucket < ${newest}
GROUP BY ${keys}
SETTINGS do_not_merge_across_partitions_select_final = 1`;
    });
  });
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
