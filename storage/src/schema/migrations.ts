/**
 * The migrations, numbered and append-only: one that has been released is never changed. Each is a list of statements that may be run
 * again after a crash, and by several processes at once. New fields of the protocol need no migration: `addMissingColumns` sees to them.
 */
import { addDocument, MARKERS, NOTIFICATIONS, SERVER_METRICS, SPIKES } from './analysis-tables.js';
import {
  addCounted,
  fillSeries,
  REFRESHED_BUCKETS,
  REFRESH_STATE,
  ROLLUPS,
  rollupTable,
  SERIES_ROLLUPS,
  seriesTable,
} from './rollup-tables.js';
import { rowTable } from './row-tables.js';
import { createTable, type Table, type Target } from './table.js';

export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: (target: Target) => readonly string[];
}

/** Remembers which migrations were applied; made before the first. */
export const MIGRATIONS_TABLE: Table = {
  name: 'schema_migrations',
  columns: [
    { name: 'number', type: 'UInt32' },
    { name: 'name', type: 'String' },
    { name: 'applied_at', type: "DateTime('UTC') DEFAULT now() CODEC(ZSTD(1))" },
  ],
  replacing: ['applied_at'],
  orderBy: 'number',
};

const creating =
  (tables: (target: Target) => readonly Table[]) =>
  (target: Target): readonly string[] =>
    tables(target).map((table) => createTable(table, target));

export const MIGRATIONS: readonly Migration[] = [
  { number: 1, name: 'reports', statements: creating((target) => [rowTable('reports', target), rowTable('dev_reports', target)]) },
  { number: 2, name: 'attempts', statements: creating((target) => [rowTable('attempts', target)]) },
  {
    number: 3,
    name: 'deliveries-losses-consents',
    statements: creating((target) => [rowTable('deliveries', target), rowTable('losses', target), rowTable('consent_counts', target)]),
  },
  { number: 4, name: 'rollups', statements: creating(() => [...ROLLUPS.map(rollupTable), REFRESHED_BUCKETS, REFRESH_STATE]) },
  { number: 5, name: 'analysis', statements: creating(() => [SERVER_METRICS, SPIKES, MARKERS]) },
  { number: 6, name: 'notifications', statements: creating(() => [NOTIFICATIONS]) },
  { number: 7, name: 'counted-signers', statements: addCounted },
  { number: 8, name: 'series', statements: (target) => [...creating(() => SERIES_ROLLUPS.map(seriesTable))(target), ...fillSeries()] },
  { number: 9, name: 'notification-documents', statements: addDocument },
];
