/**
 * What exact counts cost: bytes per row, a FINAL query, a refresh; and the same counts by maxMap. Numbers of ADR 0002.
 *
 *   npx tsc -b storage && node test/bench/rollups.mjs [million rows, 1 by default]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStorageClient, migrate, refreshRollups, startStorage } from '../../storage/dist/index.js';

const rows = Math.round(Number(process.argv[2] ?? 1) * 1_000_000);
const SPREAD_S = 24 * 3_600;
const dataDir = mkdtempSync(join(tmpdir(), 'outcry-bench-'));
const storage = await startStorage({ dataDir });
const client = createStorageClient(storage.connection);
await migrate(client);
const ask = async (query, clickhouse_settings = {}) =>
  (
    await client.query({
      query,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, ...clickhouse_settings },
    })
  ).json();
const run = (query) => client.command({ query, clickhouse_settings: { max_execution_time: 600 } });
const timed = async (work) => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};
const median = async (work, times = 7) => {
  const taken = [];
  for (let i = 0; i < times; i += 1) taken.push(await timed(work));
  return taken.sort((a, b) => a - b)[times >> 1];
};
const print = (what, value, unit) => process.stdout.write(`${what.padEnd(64)} ${value.toFixed(1).padStart(10)} ${unit}\n`);

/** Rows as fleets send them: few hosts and kinds, skewed networks, a clock a few seconds off, ids and signers random. */
const generate = (from, count, collector, network, insertedAgoS = 3_600) => `
INSERT INTO reports (source, project, release, runtime, runtime_major, os, sdk_version, diagnosis_version, consent_text, consent_method,
  occurred_at, host, scheme, method, resource, route, phase, type, kind, confidence_pct, elapsed_ms, status_code, protocol, online, connection,
  claimed_asn, claimed_country, claim_age, count, span_s, sampling_ppm, received_at, collector, sealed_day, event_time, time_trust, network, country,
  lateness_s, signer, weight, report_id, inserted_at)
SELECT 'sdk-browser', 'shop', ['4.2.0', '4.2.1', '4.3.0'][1 + h % 3], ['chrome', 'firefox', 'safari'][1 + h % 3], 120 + h % 20, ['android', 'windows', 'ios'][1 + h % 3],
  '0.1.0', 1, 'v3', 'dialog', t, ['api.shop.example', 'img.shop.example', 'pay.shop.example'][1 + h % 3], 'https', 'GET', 'fetch', ['', 'cart', 'checkout'][1 + h % 3],
  'connection', 'tcp.timed_out', ['routing', 'dns', 'tls', 'timeout'][1 + intDiv(h, 7) % 4], 60, 20000, 0, 'h2', true, 'wifi', 3320, 'DE', '<1h',
  1 + h % 3, 0, 1000000, t + 20, '${collector}', toUInt16(toDate(t)), t, 'device', ${network}, 'DE', 20, cityHash64(intDiv(number, 3)), 1, cityHash64(number, 'id'), now64(6) - ${insertedAgoS}
FROM (SELECT number, cityHash64(number) AS h, now() - ${SPREAD_S} + intDiv(intDiv(number * ${SPREAD_S}, ${rows}), 10) * 10 AS t FROM numbers(${from}, ${count}))`;

const STEP = 20_000;
const insertMs = await timed(async () => {
  for (let from = 0; from < rows; from += STEP)
    await run(generate(from, Math.min(STEP, rows - from), 'c1', `concat('AS', toString(3320 + intDiv(h, 11) % 40), '/DE')`));
});
// Every tenth report also reached a second collector, which saw it coming from another network.
for (let from = 0; from < rows; from += STEP * 10) await run(generate(from, Math.min(STEP, rows - from), 'c2', `'AS1/DE'`));
const [total] = await ask('SELECT count() AS stored, uniqExact(report_id) AS ids FROM reports');
process.stdout.write(
  `${total.stored} rows inserted or still there, ${total.ids} distinct ids, 24 h, batches of ${STEP}, ${(insertMs / (rows / STEP)).toFixed(0)} ms each\n`,
);

const inDay = 'FROM reports FINAL';
const exact = { do_not_merge_across_partitions_select_final: 1 };
print('count() of all rows, without FINAL', await median(() => ask('SELECT count(), sum(count) FROM reports')), 'ms');
print('count() of all rows, FINAL', await median(() => ask(`SELECT count(), sum(count) ${inDay}`, exact)), 'ms');
print(
  'top networks of 10 min of one host and kind, FINAL',
  await median(() =>
    ask(
      `SELECT network, count() ${inDay} WHERE project = 'shop' AND occurred_at >= now() - 7200 AND toStartOfFiveMinutes(occurred_at) < now() - 6000 AND host = 'api.shop.example' AND kind = 'dns' GROUP BY network`,
      exact,
    ),
  ),
  'ms',
);
print('first refresh, all buckets of 24 h', await timed(() => refreshRollups(client, { nowMs: Date.now() })), 'ms');
// From here on as if that refresh had been long ago: the overlap holds the new rows only.
await run('TRUNCATE TABLE refreshed_buckets');
await refreshRollups(client, { nowMs: Date.now() });
let fresh = rows;
const incremental = [];
for (let i = 0; i < 7; i += 1) {
  await run(generate(fresh, 2_000, 'c1', `concat('AS', toString(3320 + intDiv(h, 11) % 40), '/DE')`, 0));
  fresh += 2_000;
  incremental.push(await timed(() => refreshRollups(client, { nowMs: Date.now() })));
}
print('refresh after 2,000 new rows (median of 7)', incremental.sort((a, b) => a - b)[3], 'ms');
print('refresh without new rows but overlap', await median(() => refreshRollups(client, { nowMs: Date.now() })), 'ms');

await run('OPTIMIZE TABLE reports FINAL');
for (const name of ['rollup_10s', 'rollup_1m', 'rollup_1h']) await run(`OPTIMIZE TABLE ${name} FINAL`);
const sizes = await ask(
  `SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND database = currentDatabase() AND rows > 0 GROUP BY table ORDER BY table`,
);
for (const { table, n, bytes } of sizes) if (/^(reports|rollup)/.test(table)) print(`${table}: ${n} rows, bytes per row`, bytes / n, 'B');
const series = `WHERE project = 'shop' AND clock = 'event' GROUP BY bucket, host, kind`;
print(
  '24 h per minute by host and kind, from rollup_1m FINAL',
  await median(() => ask(`SELECT bucket, host, kind, sum(failures) FROM rollup_1m FINAL ${series}`, exact)),
  'ms',
);

await run(`CREATE TABLE by_map (bucket DateTime('UTC'), host LowCardinality(String), kind LowCardinality(String), source LowCardinality(String),
  network LowCardinality(String), country LowCardinality(String), release LowCardinality(String), ids SimpleAggregateFunction(maxMap, Map(UInt64, UInt64)))
  ENGINE = AggregatingMergeTree ORDER BY (bucket, host, kind, source, network, country, release)`);
const mapMs = await timed(() =>
  run(`INSERT INTO by_map SELECT toStartOfMinute(event_time) AS bucket, host, kind, source, network, country, release, maxMap(map(report_id, toUInt64(count)))
    FROM reports GROUP BY bucket, host, kind, source, network, country, release`),
);
print('maxMap by minute: filling one table by one clock', mapMs, 'ms');
const [map] = await ask(`SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND table = 'by_map'`);
print('maxMap by minute: bytes per report', map.bytes / rows, 'B');
print(
  '24 h per minute by host and kind, from maxMap',
  await median(() =>
    ask(
      `SELECT bucket, host, kind, sum(length(mapKeys(m))) FROM (SELECT bucket, host, kind, maxMap(ids) AS m FROM by_map GROUP BY bucket, host, kind) GROUP BY bucket, host, kind`,
    ),
  ),
  'ms',
);
await client.close();
await storage.close();
rmSync(dataDir, { recursive: true, force: true });
