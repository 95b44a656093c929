/**
 * `npm run bench:queries`: how long each question takes that the analyzer puts to the embedded engine, over eight weeks of 1, 5 and 50 million reports.
 * By default up to 5 million; `-- --rows 50000000` for all (5 GB of disk), `-- --sizes 1000000,50000000` for some. `--data DIR` keeps what was made there, and goes
 * on with it when it is run again, so that 50 million rows need not be made in one go.
 * The analyzer's own code asks: its answers run over a client that notes each question and its time. Medians of several runs, and growth; beside
 * them the engine's CPU time for all questions of a page, which says more on a busy machine.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { breakdownAnswer } from '../../analyzer/dist/answers/breakdown.js';
import { inventoryAnswer } from '../../analyzer/dist/answers/inventory.js';
import { seriesAnswer } from '../../analyzer/dist/answers/series.js';
import { spikeDetail } from '../../analyzer/dist/answers/spike-detail.js';
import { findSpike, listSpikes } from '../../analyzer/dist/answers/spikes.js';
import { Known } from '../../analyzer/dist/watch/known.js';
import { runRound } from '../../analyzer/dist/watch/round.js';
import { createStorageClient, migrate, startStorage } from '../../storage/dist/index.js';
import { ROLLUPS, SERIES_ROLLUPS } from '../../storage/dist/schema/rollup-tables.js';
import { fill, hostsOf, PROJECTS, SPIKE, WORLD } from './history-rows.mjs';
import { machineLine, median, printTable } from './machine.mjs';
import { cpuSeconds } from './process-cpu.mjs';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    sizes: { type: 'string' },
    times: { type: 'string', default: '5' },
    data: { type: 'string' },
  },
});
const SIZES = values.sizes?.split(',').map(Number) ?? [1_000_000, 5_000_000, 50_000_000].filter((n) => n <= Number(values.rows));
const TIMES = Number(values.times);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Goals, ms. */
const PAGE_MS = 200;
const LONG_MS = 1_000;

/** The name of each question by its text. */
const NAMES = new Map();
const folder = new URL('../../analyzer/dist/queries/', import.meta.url);
for (const file of readdirSync(folder).filter((f) => f.endsWith('.js')))
  for (const [name, value] of Object.entries(await import(new URL(file, folder))))
    if (typeof value?.sql === 'string') NAMES.set(value.sql, name);

/** A client that notes how long each question took, by its name; the time until its rows are read. */
function noting(client, notes) {
  const query = async (params) => {
    const startedMs = performance.now();
    const result = await client.query(params);
    return {
      json: async () => {
        const rows = await result.json();
        const name = NAMES.get(params.query) ?? 'other';
        notes.push({ name, ms: performance.now() - startedMs });
        return rows;
      },
    };
  };
  return new Proxy(client, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) });
}

async function measure(rows) {
  const dataDir = values.data === undefined ? mkdtempSync(join(tmpdir(), 'outcry-bench-')) : resolve(values.data, String(rows));
  mkdirSync(dataDir, { recursive: true });
  const storage = await startStorage({ dataDir });
  const client = createStorageClient(storage.connection);
  const run = (query) => client.command({ query, clickhouse_settings: { max_execution_time: 600, insert_deduplicate: 0 } });
  const ask = async (query) => (await client.query({ query, format: 'JSONEachRow' })).json();
  const columnsOf = async (table) =>
    (
      await ask(
        `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '${table}' AND default_kind != 'MATERIALIZED'`,
      )
    ).map(({ name }) => name);
  try {
    await migrate(client);
    const startedMs = performance.now();
    // What was made before: statements of `fill`, which are the same for the same size and end.
    const file = join(dataDir, 'made.json');
    const made = existsSync(file)
      ? JSON.parse(readFileSync(file, 'utf8'))
      : { endS: Math.floor(Date.now() / 600_000) * 600, statements: 0 };
    const { endS } = made;
    let statement = 0;
    const runOnce = async (query) => {
      if (++statement <= made.statements) return;
      await run(query);
      made.statements = statement;
      writeFileSync(file, JSON.stringify(made));
    };
    await fill({ rows, endS, rollups: [...ROLLUPS, ...SERIES_ROLLUPS], run: runOnce, columnsOf });
    // The refresh of a round has only the last minutes to do.
    const [{ us }] = await ask('SELECT toUnixTimestamp64Micro(now64(6)) AS us');
    await run(`INSERT INTO refresh_state (name, value, version) VALUES ('watermark_us', ${us}, ${us})`);
    for (let waits = 0; waits < 60 && (await ask('SELECT count() AS n FROM system.merges'))[0].n !== '0'; waits++)
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    const sizes = await ask(
      `SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes, count() AS parts FROM system.parts WHERE active AND database = currentDatabase() AND (table LIKE 'rollup%' OR table LIKE 'series%' OR table IN ('reports', 'attempts')) GROUP BY table ORDER BY table`,
    );
    console.log(
      `\n${rows.toLocaleString('en')} reports made in ${((performance.now() - startedMs) / 1000).toFixed(0)} s; ` +
        sizes
          .map(
            ({ table, n, bytes, parts }) =>
              `${table} ${Number(n).toLocaleString('en')} rows, ${(bytes / 2 ** 20).toFixed(0)} MiB, ${parts} parts`,
          )
          .join('; '),
    );
    return await times(client, endS * 1000, () => cpuSeconds(storage.pid()) * 1000);
  } finally {
    await client.close();
    await storage.close();
    if (values.data === undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Median ms of each question of each page. */
async function times(client, nowMs, cpuMs) {
  const notes = [];
  const { project, host, kind } = SPIKE;
  const deps = {
    client: noting(client, notes),
    projects: Object.fromEntries(PROJECTS.map((p) => [p, { hosts: hostsOf(p), stage: 'production' }])),
    serverMetrics: [],
    now: () => nowMs,
    state: () => ({ latest, latestMs: nowMs, degraded: null, scrapeErrors: new Map() }),
  };
  let latest = null;
  const taken = new Map();
  const page = async (name, goal, work, often = TIMES) => {
    // Once over unmeasured: files come into the cache.
    await work();
    for (let i = 0; i < often; i++) {
      notes.length = 0;
      const cpuBefore = cpuMs();
      const startedMs = performance.now();
      await work();
      const all = performance.now() - startedMs;
      const cpu = cpuMs() - cpuBefore;
      const byQuestion = Map.groupBy?.(notes, (n) => n.name) ?? grouped(notes);
      // Of a question that is put several times, the longest.
      for (const [question, each] of byQuestion) note(`${name}: ${question}`, goal, Math.max(...each.map((n) => n.ms)));
      if (goal === undefined) note(`${name}: whole`, undefined, all);
      // What other processes do on the machine is not in it; two cores work on most questions.
      if (notes.length > 0) note(`${name}: CPU of the engine`, undefined, cpu);
    }
  };
  const note = (name, goal, ms) => {
    const known = taken.get(name) ?? { goal, ms: [] };
    taken.set(name, known);
    known.ms.push(ms);
  };

  await page(
    'a round',
    undefined,
    async () => {
      latest = await runRound(deps, new Known());
    },
    Math.min(3, TIMES),
  );
  const spike = latest.spikes.find((s) => s.project === project && s.host === host && s.kind === kind);
  if (spike === undefined) throw new Error('the round did not find the spike');
  await page('list page', PAGE_MS, async () => listSpikes(deps));
  await page('spike by id, from storage', PAGE_MS, async () => findSpike(spike.id, { ...deps, state: () => ({ latest: null }) }));
  await page('spike page', PAGE_MS, () => spikeDetail(spike, deps));
  const long = { ...spike, startedMs: nowMs - 2 * DAY_MS };
  await page('spike page, 2 days open', PAGE_MS, () => spikeDetail(long, deps));
  const asked = { project, host, kind };
  for (const size of ['10m', '1h', '6h', '1d'])
    await page(`breakdown ${size}`, size === '10m' || size === '1h' ? PAGE_MS : LONG_MS, () =>
      breakdownAnswer({ ...asked, size, atMs: nowMs - 60_000, beforeMs: nowMs - DAY_MS }, deps),
    );
  for (const [name, spanMs] of [
    ['1 h', HOUR_MS],
    ['2 days', 2 * DAY_MS],
    ['35 days', 35 * DAY_MS],
  ])
    await page(`series of ${name}`, spanMs > HOUR_MS ? LONG_MS : PAGE_MS, () =>
      seriesAnswer({ ...asked, fromMs: nowMs - spanMs, toMs: nowMs }, deps),
    );
  await page('inventory', LONG_MS, () => inventoryAnswer(deps));
  return new Map([...taken].map(([name, { goal, ms }]) => [name, { goal, ms: median(ms) }]));
}

function grouped(notes) {
  const groups = new Map();
  for (const note of notes) groups.set(note.name, [...(groups.get(note.name) ?? []), note]);
  return groups;
}

console.log(machineLine());
console.log(
  `${WORLD.days / 7} weeks, ${WORLD.projects} projects × ${WORLD.hosts} hosts, 9 kinds, ${WORLD.networks} networks of ${WORLD.countries} countries, ${WORLD.releases} releases; medians of ${TIMES}`,
);
const results = [];
for (const rows of SIZES) results.push(await measure(rows));
const last = results.at(-1);
const short = (n) => `${n / 1_000_000} M, ms`;
console.log('');
printTable([
  ['question', 'goal, ms', ...SIZES.map(short), ...SIZES.slice(1).map((n, i) => `× (rows × ${n / SIZES[i]})`), ''],
  ...[...last].map(([name, { goal, ms }]) => {
    const all = results.map((r) => r.get(name)?.ms ?? NaN);
    return [
      name,
      goal ?? '',
      ...all.map((n) => n.toFixed(0)),
      ...all.slice(1).map((n, i) => (n / all[i]).toFixed(1)),
      goal === undefined ? '' : ms <= goal ? 'met' : 'not met',
    ];
  }),
]);
