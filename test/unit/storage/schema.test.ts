import { CONSENT_FIELDS, CONTEXT_FIELDS, DELIVERY_FIELDS, FAILURE_FIELDS, LOSS_FIELDS, ATTEMPT_FIELDS, type Field } from '@outcry/protocol';
import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../../storage/src/columns.js';
import type { RowTable } from '../../../storage/src/rows.js';
import { rowTable } from '../../../storage/src/schema/row-tables.js';
import { createTable, identifier } from '../../../storage/src/schema/table.js';

const FIELDS: Readonly<Record<RowTable, readonly Field[]>> = {
  reports: [...CONTEXT_FIELDS, ...FAILURE_FIELDS],
  dev_reports: [...CONTEXT_FIELDS, ...FAILURE_FIELDS],
  attempts: ATTEMPT_FIELDS,
  deliveries: DELIVERY_FIELDS,
  losses: LOSS_FIELDS,
  consent_counts: CONSENT_FIELDS,
};
const tables = Object.keys(FIELDS) as RowTable[];
const largest = (type: string) => (type === 'UInt8' ? 0xff : type === 'UInt16' ? 0xffff : 0xffff_ffff);

describe.each(tables)('the table %s', (name) => {
  test('has a column for every field, wide enough for its bound: a number too large would wrap without an error', () => {
    for (const field of FIELDS[name]) {
      const wanted = name === 'deliveries' && field.name === 'collector' ? 'delivered_to' : field.name;
      const column = COLUMNS[name].find((one) => one.name === wanted);
      expect(column, wanted).toBeDefined();
      if (field.type === 'uint') expect(largest(column?.type ?? '')).toBeGreaterThanOrEqual(field.max);
    }
  });

  test('has each column once', () => {
    const names = COLUMNS[name].map((column) => column.name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('is partitioned and sorted only by what is equal in every copy of a row', () => {
    const { partitionBy = '', orderBy } = rowTable(name, { cluster: undefined, retentionDays: 90 });
    const inEveryCopy = [
      'sealed_day',
      ...FIELDS[name].map((field) => field.name),
      'project',
      'report_id',
      'attempt_id',
      'delivery_id',
      'loss_id',
      'consent_id',
    ];
    const used = `${partitionBy} ${orderBy}`.match(/\b[a-z]\w*\b(?!\()/g) ?? [];
    expect(used.filter((word) => !inEveryCopy.includes(word))).toEqual([]);
  });
});

describe('a table in a cluster', () => {
  test('is replicated, and made on every server of it', () => {
    const sql = createTable(rowTable('reports', { cluster: 'a`b', retentionDays: 90 }), { cluster: 'a`b', retentionDays: 90 });
    expect(sql).toContain('CREATE TABLE IF NOT EXISTS reports ON CLUSTER `a\\`b` (');
    expect(sql).toContain("ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/{database}/reports', '{replica}', rank)");
    expect(identifier('x')).toBe('`x`');
  });
});
