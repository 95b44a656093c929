/**
 * A simulated world, told once as a history and once through storage, row by row with the time at which storage had it: the replay has to say
 * the same of both, and nothing that it could not know.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asOf, backtest, storedHistory, type BacktestSpike, type HistoryRow } from '@outcry/analyzer';
import { migrate, refreshRollups } from '@outcry/storage';
import { run as runCommand } from '../../cli/src/main.js';
import { simulate } from '../../cli/src/simulator/simulate.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';
import { attemptRow, reportRow } from './storage-rows.js';

const DAY_S = 86_400;
/** Long enough ago that signers, retention and rollups are all there, at a whole hour. */
const FROM = Math.floor(Date.now() / 3_600_000 - 40) * 3_600;
const DAYS = 0.16;
const TO = FROM + Math.round(DAYS * 24) * 3_600;
let dir: string;
let open: OpenStorage;
let rows: HistoryRow[];
let nextId = 1;

type Of<R extends HistoryRow['row']> = Extract<HistoryRow, { row: R }>;
const of = <R extends HistoryRow['row']>(name: R): Of<R>[] => rows.filter((r): r is Of<R> => r.row === name);
const day = (s: number): number => Math.floor(s / DAY_S);
const micro = (s: number): string => new Date(Math.round(s * 1000)).toISOString().replace('T', ' ').replace('Z', '');

/** The reports of a line; each is a client of its own, as the simulator has it. */
const reportsOf = ({ at, arrived, project, host, kind, type, network, country, release, requests }: Of<'failures'>): object => ({
  ...reportRow({ project, host, kind: kind as never, type: type as never, network, country, release, count: requests }),
  occurred_at: Math.floor(at / 10) * 10,
  event_time: at,
  received_at: Math.floor(arrived / 10) * 10,
  sealed_day: day(at),
  signer: String(nextId++),
  report_id: String(nextId),
  inserted_at: micro(arrived),
});

/** Attempts carry places in storage: those of a host are made by the places that the history last told of. */
function attemptsOf(lines: readonly Of<'attempts'>[]): object[] {
  const heard = of('place');
  return lines.flatMap(({ at, arrived, project, host, made }) => {
    const last = heard.filter((p) => p.arrived <= at).at(-1)?.arrived;
    const places = heard.filter((p) => p.arrived === last);
    const total = places.reduce((sum, p) => sum + (p.clients ?? 1), 0);
    return places.map(({ network, country, release, clients = 1 }) => ({
      ...attemptRow({ project, host, network, country, release, made: 1, failed: 0, weight: (made * clients) / total }),
      bin_start: at,
      event_time: at,
      received_at: Math.floor(arrived / 10) * 10,
      sealed_day: day(at),
      attempt_id: String(nextId++),
      inserted_at: micro(arrived),
    }));
  });
}

function countersOf(lines: readonly Of<'server'>[]): object[] {
  const sums = new Map<string, { ok: number; errors: number }>();
  return lines.flatMap(({ at, arrived, project, host, requests, errors }) => {
    const sum = sums.get(host) ?? { ok: 0, errors: 0 };
    sums.set(host, sum);
    sum.ok += requests - errors;
    sum.errors += errors;
    const sample = { time: at, project, host, written_at: micro(arrived) };
    return [
      { ...sample, name: 'requests{class="2xx"}', value: sum.ok },
      { ...sample, name: 'requests{class="5xx"}', value: sum.errors },
    ];
  });
}

const insert = async (table: string, values: object[]): Promise<void> => {
  if (values.length > 0)
    await open.client.insert({
      table,
      values,
      columns: Object.keys(values[0] ?? {}) as [string, ...string[]],
      format: 'JSONEachRow',
      clickhouse_settings: { async_insert: 0, date_time_input_format: 'best_effort' },
    });
};
/** Inserts what arrived in a stretch. */
async function insertArrived(from: number, to: number): Promise<void> {
  const inside = <R extends { arrived: number }>(lines: readonly R[]): R[] => lines.filter((r) => r.arrived >= from && r.arrived < to);
  await insert('reports', inside(of('failures')).map(reportsOf));
  await insert('attempts', attemptsOf(inside(of('attempts'))));
}

const projects = (): Record<string, readonly string[]> => ({ ...(rows[0] as Of<'world'>).projects });
const replayStored = async (to: number) =>
  backtest(storedHistory(open.client, { projects: projects(), fromMs: FROM * 1000, toMs: to * 1000 }), {
    evidence: (nowS) => asOf(open.client, nowS),
  });
/** What has to be the same of both tellings. */
const gist = (spikes: readonly BacktestSpike[]) => spikes.map(({ host, kind, verdict }) => ({ host, kind, verdict }));

beforeAll(async () => {
  await buildStorage();
  dir = await mkdtemp(join(tmpdir(), 'outcry-backtest-'));
  await mkdir(join(dir, 'storage'));
  open = await openStorage({ dataDir: join(dir, 'storage') });
  await migrate(open.client);
  rows = [
    ...(await simulate({
      seed: 8,
      from: FROM,
      days: DAYS,
      projects: 1,
      hosts: 2,
      networks: 30,
      countries: 5,
      releases: 3,
      incidents: 1,
      scripts: ['server-5xx'],
    })),
  ];
  await insert('server_metrics', countersOf(of('server')));
});
afterAll(async () => {
  await open.close();
  await rm(dir, { recursive: true, force: true });
});

describe('a backtest from storage', () => {
  it('says of a stretch what it said before later rows came', async () => {
    const [incident] = of('incident').sort((a, b) => a.start - b.start);
    const cut = Math.floor((incident?.start ?? 0) / 10) * 10 + 300;
    await insertArrived(0, cut);
    await refreshRollups(open.client, { nowMs: Date.now() });
    const before = await replayStored(cut);
    expect(before.spikes.length).toBeGreaterThan(0);
    await insertArrived(cut, TO + DAY_S);
    await refreshRollups(open.client, { nowMs: Date.now() });
    expect(await replayStored(cut)).toEqual(before);
  });

  it('counts a client once a bin, however often and in whatever copies it is heard', async () => {
    const at = FROM + 20;
    const twice = {
      ...reportsOf({ ...(of('failures')[0] as Of<'failures'>), at, arrived: at + 5 }),
      project: 'shop',
      kind: 'offline',
      signer: '77',
    };
    const ids = [String(nextId++), String(nextId++)];
    await insert('reports', [
      ...ids.map((report_id) => ({ ...twice, report_id })),
      { ...twice, report_id: ids[0], collector: 'c2', inserted_at: micro(at + 9) },
    ]);
    const told = [];
    for await (const row of storedHistory(open.client, { projects: projects(), fromMs: FROM * 1000, toMs: (FROM + 60) * 1000 }))
      if (row.row === 'failures' && row.client === '77') told.push(row);
    expect(told.map(({ arrived, clients }) => ({ arrived, clients }))).toEqual([
      { arrived: at + 5, clients: 1 },
      { arrived: at + 5, clients: 1 },
    ]);
  });

  it('is a command that opens the engine of the data directory and finds what a replay of the history itself finds', async () => {
    await open.stop();
    const out: string[] = [];
    const err: string[] = [];
    const watched = Object.entries(projects());
    const config = {
      data_dir: dir,
      projects: Object.fromEntries(watched.map(([name, hosts]) => [name, { hosts }])),
      analyzer: { server_metrics: watched.flatMap(([project, hosts]) => hosts.map((host) => ({ project, host, push_labels: {} }))) },
    };
    await writeFile(join(dir, 'outcry.config.json'), JSON.stringify(config));
    await writeFile(
      join(dir, 'truth.ndjson'),
      of('incident')
        .map((i) => `${JSON.stringify(i)}\n`)
        .join(''),
    );
    const time = (s: number): string => new Date(s * 1000).toISOString();
    const outcry = (...args: string[]): Promise<number> =>
      runCommand(['backtest', ...args], { out: (l) => out.push(l), err: (l) => err.push(l), env: {}, cwd: dir });
    expect(await outcry('--from', time(FROM), '--to', time(TO), '--truth', 'truth.ndjson')).toBe(0);
    const { spikes, scores } = JSON.parse(out.join('\n')) as {
      spikes: BacktestSpike[];
      scores: { detector: { recall: { hits: number } } };
    };
    expect(scores.detector.recall.hits).toBe(1);
    expect(spikes[0]?.verdict).toBe('inside');
    expect(err).toEqual([]);
    const history = await backtest(rows);
    expect(gist(spikes)).toEqual(gist(history.spikes));
    for (const [i, spike] of history.spikes.entries()) {
      const other = spikes[i];
      expect(Math.abs(Date.parse(other?.started_at ?? '') - Date.parse(spike.started_at))).toBeLessThanOrEqual(20_000);
      expect(Math.abs(Date.parse(other?.reported_at ?? '') - Date.parse(spike.reported_at))).toBeLessThanOrEqual(20_000);
    }
    expect(await outcry('--from', time(FROM), '--project', 'other')).toBe(2);
    expect(await outcry('--from', time(TO), '--to', time(FROM))).toBe(2);
    expect(await outcry('--from', 'yesterday')).toBe(2);
    expect(await outcry('--from', time(FROM), '--in', 'world.ndjson')).toBe(2);
    expect(await outcry('--from', time(FROM), '--data-dir', join(dir, 'nothing'))).toBe(1);
    expect(err.at(-1)).toContain('OUTCRY_STORAGE_UNREACHABLE');
    open = await openStorage({ dataDir: join(dir, 'storage') });
  }, 240_000);
});
