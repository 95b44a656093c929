import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClickHouseError, insertEncoded, insertRows, migrate, type ReportRow } from '@outcry/storage';
import { COLUMNS, SERVER_COLUMNS } from '../../storage/src/columns.js';
import { MIGRATIONS, MIGRATIONS_TABLE } from '../../storage/src/schema/migrations.js';
import { createTable } from '../../storage/src/schema/table.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';
import { attemptRow, consentRow, deliveryRow, lossRow, reportRow } from './storage-rows.js';

let db: OpenStorage;
beforeAll(async () => {
  await buildStorage();
  db = await openStorage();
});
afterAll(async () => db?.close());

const everyMigration = MIGRATIONS.map(({ number }) => number);

describe('migrations', () => {
  test('are applied once, also by two processes at the same time', async () => {
    const [one, other] = await Promise.all([migrate(db.client), migrate(db.client)]);
    expect([...new Set([...one.applied, ...other.applied])].sort()).toEqual(everyMigration);
    expect(await migrate(db.client)).toEqual({ applied: [] });
    expect(await db.ask('SELECT number FROM schema_migrations FINAL ORDER BY number')).toEqual(
      everyMigration.map((number) => ({ number })),
    );
  });

  test('are numbered from 1 without a gap', () => {
    expect(everyMigration).toEqual(everyMigration.map((_, index) => index + 1));
  });

  test('render for a cluster as syntax that the engine knows, replicated and on the cluster', async () => {
    const target = { cluster: 'north-1', retentionDays: 90 };
    const statements = [createTable(MIGRATIONS_TABLE, target), ...MIGRATIONS.flatMap(({ statements }) => statements(target))];
    expect(statements.length).toBeGreaterThan(10);
    for (const sql of statements) {
      const result = await db.client.query({
        query: 'SELECT formatQuerySingleLine({sql:String}) AS line',
        query_params: { sql },
        format: 'JSONEachRow',
      });
      const line = (await result.json<{ line: string }>())[0]?.line ?? '';
      // Rows are replicated by the tables that they are inserted into.
      if (line.startsWith('INSERT INTO ')) continue;
      expect(line).toMatch(/^(CREATE TABLE IF NOT EXISTS \w+ ON CLUSTER `?north-1`? \(|ALTER TABLE \w+ ON CLUSTER `?north-1`? )/);
      if (line.startsWith('ALTER')) continue;
      expect(line).toMatch(/ENGINE = Replicated(Replacing)?MergeTree\('\/clickhouse\/tables\/\{shard\}\/\{database\}\/\w+', '\{replica\}'/);
      expect(line).not.toContain('non_replicated_deduplication_window');
    }
  });

  test('count every signer of cells that were made before it was known how they stood in their prefix', async () => {
    await db.run('ALTER TABLE rollup_1m DROP COLUMN counted');
    const cell = "'event', toStartOfMinute(now()), 'old', 'h', 'dns', 'sdk-browser', 'AS1/DE', 'DE', '1'";
    await db.run(
      `INSERT INTO rollup_1m (clock, bucket, project, host, kind, source, network, country, release, failures, repeats, signers, weight, version) SELECT ${cell}, 7, 9, 5, 7, 1`,
    );
    const counted = MIGRATIONS.find(({ name }) => name === 'counted-signers');
    for (const sql of counted?.statements({ cluster: undefined, retentionDays: 90 }) ?? []) await db.run(sql);
    expect(await db.ask("SELECT toUInt32(counted) AS counted FROM rollup_1m FINAL WHERE project = 'old'")).toEqual([{ counted: 5 }]);
    await db.run('OPTIMIZE TABLE rollup_1m FINAL');
    expect(await db.ask("SELECT toUInt32(counted) AS counted FROM rollup_1m FINAL WHERE project = 'old'")).toEqual([{ counted: 5 }]);
    await db.run('TRUNCATE TABLE rollup_1m');
  });

  test('sum the cells that were there over their places, and leave what a refresh has made since', async () => {
    const cells = ['now()', 'now() - INTERVAL 20 DAY', 'now() - INTERVAL 390 DAY'].flatMap((at) =>
      ['AS1/DE', 'AS2/FR'].map(
        (network) => `('event', toStartOfHour(${at}), 'old', 'h', 'dns', 'sdk-browser', '${network}', 'DE', '1', 7, 9, 5, 4, 7, 1)`,
      ),
    );
    await db.run(
      `INSERT INTO rollup_1h (clock, bucket, project, host, kind, source, network, country, release, failures, repeats, signers, counted, weight, version) VALUES ${cells.join(', ')}`,
    );
    await db.run(
      "INSERT INTO series_1h (clock, bucket, project, host, kind, source, failures, repeats, signers, weight, version) SELECT 'event', toStartOfHour(now()), 'old', 'h', 'dns', 'sdk-browser', 1, 1, 1, 1, 5",
    );
    const series = MIGRATIONS.find(({ name }) => name === 'series');
    for (const sql of series?.statements({ cluster: undefined, retentionDays: 90 }) ?? []) await db.run(sql);
    const summed = { failures: 14, signers: 10, counted: 8 };
    expect(
      await db.ask(
        'SELECT toUInt32(failures) AS failures, toUInt32(signers) AS signers, toUInt32(counted) AS counted FROM series_1h FINAL ORDER BY bucket',
      ),
    ).toEqual([summed, summed, { failures: 1, signers: 1, counted: 1 }]);
    for (const table of ['rollup_1h', 'series_1h']) await db.run(`TRUNCATE TABLE ${table}`);
  });

  test('add a column of a new field to a table that lacks it', async () => {
    await db.run('ALTER TABLE reports DROP COLUMN sampling_ppm');
    await migrate(db.client);
    expect(await db.ask("SELECT type FROM system.columns WHERE table = 'reports' AND name = 'sampling_ppm'")).toEqual([{ type: 'UInt32' }]);
  });

  test('set the retention, and refuse one that is too short for late reports', async () => {
    const ttlOf = async (table: string) =>
      (await db.ask<{ sql: string }>(`SELECT create_table_query AS sql FROM system.tables WHERE name = '${table}'`))[0]?.sql;
    expect(await ttlOf('reports')).toContain('TTL toDate(sealed_day) + toIntervalDay(90)');
    await migrate(db.client, { retentionDays: 30 });
    for (const table of ['reports', 'attempts', 'deliveries', 'losses', 'consent_counts']) {
      expect(await ttlOf(table)).toContain('TTL toDate(sealed_day) + toIntervalDay(30)');
    }
    expect(await ttlOf('dev_reports')).toContain('TTL received_at + toIntervalHour(24)');
    await migrate(db.client);
    await expect(migrate(db.client, { retentionDays: 17 })).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
  });

  test('keep the rows of a project as long as the project says', async () => {
    const today = Math.floor(Date.now() / 86_400_000);
    const row = (project: string, age: number, n: number) =>
      reportRow({ report_id: String(950 + n), project, sealed_day: today - age, occurred_at: (today - age) * 86_400 });
    const rows = [
      row('short', 10, 0),
      row('short', 30, 1),
      row("it's", 30, 2),
      row("it's", 70, 3),
      row('other', 70, 4),
      row('other', 95, 5),
    ];
    await insertRows(db.client, 'reports', rows, 'kept');
    await migrate(db.client, { projectRetentionDays: { short: 20, "it's": 60 } });
    await db.run('OPTIMIZE TABLE reports FINAL');
    const kept = "SELECT report_id FROM reports FINAL WHERE project IN ('short', 'it\\'s', 'other') ORDER BY report_id";
    expect((await db.ask<{ report_id: string }>(kept)).map((r) => r.report_id)).toEqual(['950', '952', '954']);
    // Nothing in front of the retention is recomputed: the shortest one counts.
    expect(await db.ask("SELECT toUInt32(value) AS days FROM refresh_state FINAL WHERE name = 'retention_days'")).toEqual([{ days: 20 }]);
    await migrate(db.client);
    expect(await db.ask("SELECT toUInt32(value) AS days FROM refresh_state FINAL WHERE name = 'retention_days'")).toEqual([{ days: 90 }]);
    await expect(migrate(db.client, { projectRetentionDays: { short: 17 } })).rejects.toMatchObject({ code: 'OUTCRY_BAD_CONFIG' });
  });

  test('keep rollups for 3, 35 and 400 days', async () => {
    const tables = await db.ask<{ name: string; sql: string }>(
      "SELECT name, create_table_query AS sql FROM system.tables WHERE name LIKE 'rollup%' OR name LIKE 'series%' ORDER BY name",
    );
    expect(tables.map(({ name, sql }) => [name, /TTL bucket \+ toIntervalDay\((\d+)\)/.exec(sql)?.[1]])).toEqual([
      ['rollup_10s', '3'],
      ['rollup_1h', '400'],
      ['rollup_1m', '35'],
      ['series_1h', '400'],
      ['series_1m', '35'],
    ]);
  });
});

describe('the tables of rows', () => {
  test.each(Object.entries(COLUMNS))(
    '%s has no column that the field tables and notes do not explain, and lacks none',
    async (table, columns) => {
      const real = await db.ask<{ name: string; type: string }>(
        `SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = '${table}'`,
      );
      const sorted = (list: readonly { name: string; type: string }[]) => list.map(({ name, type }) => `${name} ${type}`).sort();
      expect(sorted(real)).toEqual(sorted([...columns, ...SERVER_COLUMNS]));
    },
  );

  test('clear the signer, and how it stood in its prefix, 8 days after the day that it was made for', async () => {
    const today = Math.floor(Date.now() / 86_400_000);
    const rows = [today - 8, today - 9].map((sealed_day, n) =>
      reportRow({ report_id: String(900 + n), project: 'cleared', sealed_day, signer: '5', crowd: 'few' }),
    );
    await insertRows(db.client, 'reports', rows, 'cleared');
    await db.run('OPTIMIZE TABLE reports FINAL');
    expect(await db.ask("SELECT report_id, signer, crowd FROM reports FINAL WHERE project = 'cleared' ORDER BY report_id")).toEqual([
      { report_id: '900', signer: '5', crowd: 'few' },
      { report_id: '901', signer: '0', crowd: '' },
    ]);
  });

  test('give every row back as it was inserted', async () => {
    const rows = {
      reports: reportRow({ project: 'same', route: 'cart', online: false }),
      dev_reports: reportRow({ project: 'same', route: 'cart' }),
      attempts: attemptRow({ project: 'same' }),
      deliveries: { ...deliveryRow(), project: 'same' },
      losses: { ...lossRow(), project: 'same' },
      consent_counts: { ...consentRow(), project: 'same' },
    };
    for (const [table, row] of Object.entries(rows) as [keyof typeof rows, never][]) {
      await insertRows(db.client, table, [row], `same:${table}`);
      const names = COLUMNS[table].map(({ name, type }) => (type.startsWith('DateTime') ? `toUInt32(${table}.${name}) AS ${name}` : name));
      expect(await db.ask(`SELECT ${names.join(', ')} FROM ${table} FINAL WHERE project = 'same'`)).toEqual([rows[table]]);
    }
  });
});

describe('inserting a batch', () => {
  const count = async (project: string) =>
    (await db.ask<{ n: string }>(`SELECT toUInt32(count()) AS n FROM reports WHERE project = '${project}'`))[0]?.n;

  test('again with the same token does nothing', async () => {
    for (let time = 0; time < 3; time += 1) await insertRows(db.client, 'reports', [reportRow({ project: 'token' })], 'journal:1');
    expect(await count('token')).toBe(1);
    await insertRows(db.client, 'reports', [reportRow({ project: 'token' })], 'journal:2');
    expect(await count('token')).toBe(2);
  });

  test('from encoded text is the same: whole, and once per token', async () => {
    const row = { ...lossRow(), project: 'encoded' };
    const columns = Object.keys(row) as [string, ...string[]];
    const text = Buffer.from(`${Object.values(row).join('\t')}\n`);
    const losses = async () => (await db.ask<{ n: number }>("SELECT toUInt32(count()) AS n FROM losses WHERE project = 'encoded'"))[0]?.n;
    for (let time = 0; time < 2; time += 1) await insertEncoded(db.client, 'losses', columns, text, 'encoded:1');
    expect(await losses()).toBe(1);
    const damaged = Buffer.concat([text, text.subarray(0, 20)]);
    await expect(insertEncoded(db.client, 'losses', columns, damaged, 'encoded:2')).rejects.toBeInstanceOf(ClickHouseError);
    await insertEncoded(db.client, 'losses', columns, Buffer.of(), 'encoded:3');
    expect(await losses()).toBe(1);
  });

  test('of no rows asks nothing of the server', async () => {
    await expect(insertRows(db.client, 'reports', [], 'none')).resolves.toBeUndefined();
  });

  test("stores an absent route as '' and a lone surrogate as U+FFFD", async () => {
    await insertRows(db.client, 'reports', [reportRow({ project: 'odd', route: null, release: 'a\ud800b' })], 'odd');
    expect(await db.ask("SELECT route, release FROM reports WHERE project = 'odd'")).toEqual([{ route: '', release: 'a\ufffdb' }]);
  });

  test('with a wrong value fails whole, and the error holds nothing of the row', async () => {
    const bad = { ...reportRow({ project: 'whole' }), host: 'secret.example', count: 'secret' } as unknown as ReportRow;
    const inserting = insertRows(db.client, 'reports', [reportRow({ project: 'whole' }), bad], 'bad');
    await expect(inserting).rejects.toBeInstanceOf(ClickHouseError);
    const error = (await inserting.catch((thrown: unknown) => thrown)) as ClickHouseError;
    expect(`${error.message} ${error.stack ?? ''}`).not.toContain('secret');
    expect(Number(error.code)).toBeGreaterThan(0);
    expect(await count('whole')).toBe(0);
  });
});
