import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { insertRows, migrate, refreshRollups, type ReportRow } from '@outcry/storage';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';
import { DAY_S, reportRow } from './storage-rows.js';

let db: OpenStorage;
beforeAll(async () => {
  await buildStorage();
  db = await openStorage();
  await migrate(db.client);
});
afterAll(async () => db?.close());

const SERIES = ['project', 'host', 'kind', 'source'];
const ROLLUPS = [
  { name: 'rollup_10s', widthS: 10, dimensions: SERIES },
  { name: 'rollup_1m', widthS: 60, dimensions: ['project', 'host', 'kind', 'source', 'network', 'country', 'release'] },
  { name: 'rollup_1h', widthS: 3_600, dimensions: ['project', 'host', 'kind', 'source', 'network', 'country', 'release'] },
];

beforeEach(async () => {
  for (const table of ['reports', 'rollup_10s', 'rollup_1m', 'rollup_1h', 'series_1m', 'series_1h', 'refreshed_buckets', 'refresh_state'])
    await db.run(`TRUNCATE TABLE ${table}`);
});

const nowMs = Date.now();
const nowS = Math.floor(nowMs / 1_000);
const refresh = () => refreshRollups(db.client, { nowMs });

/** Numbers from 0 to 1, the same for the same seed. Source: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface StoredRow extends Record<string, unknown> {
  event_s: number;
  arrival_s: number;
  count: number;
  signer: string;
  crowd: string;
  weight: number;
}

/** What the cells of a rollup have to be, counted here from the rows that FINAL shows. */
async function expectedCells(widthS: number, dimensions: readonly string[]): Promise<Map<string, string>> {
  const rows = await db.ask<StoredRow>('SELECT *, toUInt32(event_time) AS event_s, toUInt32(received_at) AS arrival_s FROM reports FINAL');
  const cells = new Map<string, { failures: number; repeats: number; signers: Set<string>; counted: Set<string>; weight: number }>();
  for (const row of rows) {
    for (const [clock, time] of [
      ['event', row.event_s],
      ['arrival', row.arrival_s],
    ] as const) {
      const key = [clock, Math.floor(time / widthS) * widthS, ...dimensions.map((name) => row[name])].join('|');
      const cell = cells.get(key) ?? { failures: 0, repeats: 0, signers: new Set(), counted: new Set(), weight: 0 };
      cells.set(key, cell);
      cell.failures += 1;
      cell.repeats += row.count;
      cell.signers.add(row.signer);
      if (row.crowd !== 'many') cell.counted.add(row.signer);
      cell.weight += row.weight;
    }
  }
  return new Map(
    [...cells].map(([key, { failures, repeats, signers, counted, weight }]) => [
      key,
      [failures, repeats, signers.size, counted.size, weight].join('|'),
    ]),
  );
}

async function storedCells(name: string, dimensions: readonly string[]): Promise<Map<string, string>> {
  return cellsOf(await db.ask(`SELECT *, toUInt32(bucket) AS bucket_s FROM ${name} FINAL`), dimensions);
}

function cellsOf(rows: readonly Record<string, unknown>[], dimensions: readonly string[]): Map<string, string> {
  return new Map(
    rows.map((row) => [
      [row['clock'], row['bucket_s'], ...dimensions.map((d) => row[d])].join('|'),
      [row['failures'], row['repeats'], row['signers'], row['counted'], row['weight']].join('|'),
    ]),
  );
}

/** The cells of a rollup with places, summed over them. */
async function summedCells(name: string): Promise<Map<string, string>> {
  const keys = 'clock, bucket, project, host, kind, source';
  const sums = ['failures', 'repeats', 'signers', 'counted', 'weight'].map((m) => `sum(${name}.${m}) AS ${m}`).join(', ');
  const rows = await db.ask(`SELECT ${keys}, toUInt32(bucket) AS bucket_s, ${sums} FROM ${name} FINAL GROUP BY ${keys}`);
  return cellsOf(rows, SERIES);
}

async function expectExactCounts(ids: number): Promise<void> {
  for (const [series, places] of [
    ['series_1m', 'rollup_1m'],
    ['series_1h', 'rollup_1h'],
  ] as const)
    expect(await storedCells(series, SERIES)).toEqual(await summedCells(places));
  for (const { name, widthS, dimensions } of ROLLUPS) {
    expect(await storedCells(name, dimensions)).toEqual(await expectedCells(widthS, dimensions));
    const sums = await db.ask(`SELECT clock, toString(sum(failures)) AS failures FROM ${name} FINAL GROUP BY clock ORDER BY clock`);
    expect(sums).toEqual([
      { clock: 'arrival', failures: String(ids) },
      { clock: 'event', failures: String(ids) },
    ]);
  }
}

describe('a report that reached two collectors', () => {
  const c1 = reportRow({
    report_id: '7',
    collector: 'c1',
    network: 'AS1/DE',
    country: 'DE',
    received_at: nowS - 600,
    event_time: nowS - 700,
  });
  const c2 = {
    ...c1,
    collector: 'c2',
    network: 'AS2/FR',
    country: 'FR',
    received_at: nowS - 90,
    event_time: nowS - 90,
    time_trust: 'arrival' as const,
    lateness_s: 9,
  };

  test.each([
    ['c1', [c1, c2]],
    ['c2', [c2, c1]],
  ])('stays the copy of %s, which was inserted first, before and after parts are merged', async (first, copies) => {
    for (const [index, copy] of copies.entries()) await insertRows(db.client, 'reports', [copy], `${first}:${index}`);
    const read = () => db.ask('SELECT collector, toUInt32(count()) AS n FROM reports FINAL GROUP BY collector');
    expect(await read()).toEqual([{ collector: first, n: 1 }]);
    await db.run('OPTIMIZE TABLE reports FINAL');
    expect(await read()).toEqual([{ collector: first, n: 1 }]);
    expect(await db.ask('SELECT toUInt32(count()) AS n FROM reports')).toEqual([{ n: 1 }]);
    await refresh();
    await expectExactCounts(1);
  });

  test('is counted once when both copies come in one batch', async () => {
    await insertRows(db.client, 'reports', [c1, c2], 'both');
    await refresh();
    await expectExactCounts(1);
  });

  test('leaves the cell of a copy that was counted before the winner became visible, even when it was merged away since', async () => {
    await insertRows(db.client, 'reports', [c2], 'later');
    await refresh();
    // An insert that began before and ended after.
    await db.run(
      `INSERT INTO reports SELECT * REPLACE ('AS1/DE' AS network, 'DE' AS country, 'c1' AS collector, event_time - 4000 AS event_time, inserted_at - 5 AS inserted_at) FROM reports`,
    );
    await db.run('OPTIMIZE TABLE reports FINAL');
    expect(await db.ask('SELECT collector FROM reports')).toEqual([{ collector: 'c1' }]);
    await refresh();
    await expectExactCounts(1);
    expect(await db.ask("SELECT * FROM rollup_1m FINAL WHERE network = 'AS2/FR'")).toEqual([]);
  });
});

describe('a refresher that was away', () => {
  test('counts rows inserted hours ago, when its last refresh was before them', async () => {
    await insertRows(db.client, 'reports', [reportRow({ report_id: '1' })], 'a');
    await refresh();
    await db.run('TRUNCATE TABLE refreshed_buckets');
    await db.run('INSERT INTO refresh_state SELECT name, value - 5 * 3600 * 1000000, version + 1 FROM refresh_state FINAL');
    const { inserted_at } = (await db.ask<{ inserted_at: string }>('SELECT inserted_at FROM reports'))[0] ?? { inserted_at: '' };
    await db.run(
      `INSERT INTO reports SELECT r.* REPLACE (toUInt64(number + 2) AS report_id, event_time - 3 * 3600 - number AS event_time, toDateTime64('${inserted_at}', 6, 'UTC') - INTERVAL 4 HOUR AS inserted_at) FROM reports AS r CROSS JOIN numbers(50) AS n`,
    );
    expect((await refresh()).buckets).toBeGreaterThan(5);
    await expectExactCounts(51);
  });

  test('looks at nothing when nothing was inserted', async () => {
    expect(await refresh()).toEqual({ buckets: 0 });
  });

  test('rebuilds every cell when told since when', async () => {
    await insertRows(
      db.client,
      'reports',
      [reportRow({ report_id: '1' }), reportRow({ report_id: '2', event_time: nowS - 2 * DAY_S })],
      'a',
    );
    await refresh();
    await db.run(
      "INSERT INTO refresh_state SELECT name, value + 3600000000, version + 1 FROM refresh_state FINAL WHERE name = 'watermark_us'",
    );
    for (const table of ['rollup_10s', 'rollup_1m', 'rollup_1h', 'series_1m', 'series_1h', 'refreshed_buckets'])
      await db.run(`TRUNCATE TABLE ${table}`);
    await refreshRollups(db.client, { nowMs, sinceMs: nowMs - 3_600_000 });
    await expectExactCounts(2);
  });
});

/** One seed: reports, copies by other collectors, retries with the same and with other tokens, refreshes and merges in between. */
async function randomHistory(seed: number): Promise<number> {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const ids = 40 + below(60);
  const copies: ReportRow[] = [];
  for (let id = 0; id < ids; id += 1) {
    const occurred_at = nowS - below(20 * 3_600);
    const sealed_day = Math.floor(occurred_at / DAY_S) + below(2);
    const base = reportRow({
      report_id: (BigInt(seed) * 1_000_003n + ((BigInt(id) * 0x9e3779b97f4a7c15n) % 0xffffffffffffn)).toString(),
      occurred_at,
      sealed_day,
      host: pick(['a.example', 'b.example']),
      kind: pick(['dns', 'routing', 'tls']),
      count: 1 + below(4),
      signer: String(1 + below(30)),
      weight: pick([1, 2, 10]),
    });
    for (let copy = pick([1, 1, 2, 3]); copy > 0; copy -= 1) {
      const received_at = nowS - below(3_600);
      copies.push({
        ...base,
        received_at,
        event_time: random() < 0.8 ? occurred_at : received_at,
        collector: pick(['c1', 'c2', 'c3']),
        crowd: pick(['', 'first', 'few', 'many'] as const),
        network: pick(['AS1/DE', 'AS2/FR', 'small/DE']),
        release: random() < 0.9 ? base.release : 'other',
      });
    }
  }
  copies.sort(() => random() - 0.5);
  const work: Promise<unknown>[] = [];
  for (let batch = 0; copies.length > 0; batch += 1) {
    const rows = copies.splice(0, 1 + below(40));
    const insert = (token: string) => insertRows(db.client, 'reports', rows, token);
    work.push(insert(`${seed}:${batch}`));
    if (random() < 0.3) work.push(insert(`${seed}:${batch}`));
    if (random() < 0.3) work.push(insert(`${seed}:${batch}:again`));
    if (random() < 0.3) work.push(refresh());
    if (random() < 0.15) work.push(refresh(), refresh());
    if (random() < 0.1) work.push(db.run('OPTIMIZE TABLE reports'));
    if (random() < 0.6) await Promise.all(work.splice(0));
  }
  await Promise.all(work);
  if (random() < 0.5) await db.run('OPTIMIZE TABLE reports FINAL');
  // Two at once, of which either may end last.
  await Promise.all([refresh(), refresh()]);
  return ids;
}

describe('random histories of inserts, copies, retries, refreshes and merges', () => {
  test.each([1, 2, 3, 4])('every count of every rollup is the number of distinct report ids (seed %i)', async (seed) => {
    const ids = await randomHistory(seed);
    expect(await db.ask('SELECT toUInt32(count()) AS n FROM reports FINAL')).toEqual([{ n: ids }]);
    await expectExactCounts(ids);
  });
});
