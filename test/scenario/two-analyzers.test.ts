/**
 * Two analyzers on one engine whose clocks are 20 s apart, round by round: an hour of late reports between their rounds, and rounds at the same
 * moment. A process of its own has its own secret for ids, so a race is made by rows as the other process would have written them.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { insertRows, migrate } from '@outcry/storage';
import type { ReportRow } from '@outcry/storage';
import { spikeAlerts } from '../../analyzer/src/alert/spike-alerts.js';
import { alertKey } from '../../analyzer/src/alert/alert.js';
import { findSpike, spikesToTell } from '../../analyzer/src/answers/spikes.js';
import type { AnswerDeps } from '../../analyzer/src/answers/settings.js';
import { Known } from '../../analyzer/src/watch/known.js';
import { runRound } from '../../analyzer/src/watch/round.js';
import type { RoundResult } from '../../analyzer/src/watch/round.js';
import { loadSpikes, saveSpikes } from '../../analyzer/src/watch/store-spikes.js';
import { pullExposition } from '../../analyzer/src/server-metrics/pull-exposition.js';
import { sliceName } from '../../analyzer/src/server-metrics/stored-name.js';
import { HOST, outage, quietAttempts, quietFailures } from './outage-rows.js';
import { buildStorage, openStorage, type OpenStorage } from './storage-fixture.js';

const T0 = Math.floor(Date.now() / 60_000) * 60;
let engine: OpenStorage;
let token = 0;
let now = T0;

class Analyzer {
  readonly #known = new Known();
  readonly #deps: AnswerDeps;
  #latest: RoundResult | null = null;
  /** Identities of all alerts that it ever made. */
  readonly alerts = new Set<string>();

  constructor(behindS: number) {
    this.#deps = {
      client: engine.client,
      projects: { shop: { hosts: [HOST], stage: 'production' } },
      serverMetrics: [{ project: 'shop', host: HOST, prometheusUrl: 'http://127.0.0.1:9', slicesQuery: 'not asked here' }],
      now: () => (now - behindS) * 1000,
      state: () => ({ latest: this.#latest, latestMs: null, degraded: null, scrapeErrors: new Map() }),
    };
  }

  get deps(): AnswerDeps {
    return this.#deps;
  }

  async round(): Promise<RoundResult['spikes']> {
    this.#latest = await runRound(this.#deps, this.#known);
    for (const alert of spikeAlerts(spikesToTell(this.#deps), this.#deps.now())) this.alerts.add(alertKey(alert));
    return this.#latest.spikes;
  }
}

const insert = (rows: readonly ReportRow[]) => insertRows(engine.client, 'reports', rows, `reports:${token++}`);
const storedRows = () => engine.ask<{ spike_id: string; state: string }>(`SELECT spike_id, state FROM spikes FINAL ORDER BY spike_id`);

beforeAll(async () => {
  await buildStorage();
  engine = await openStorage();
  await migrate(engine.client, {});
});
afterAll(() => engine.close());
beforeEach(async () => {
  for (const table of ['reports', 'attempts', 'spikes', 'rollup_10s', 'rollup_1m', 'rollup_1h', 'server_metrics'])
    await engine.run(`TRUNCATE TABLE ${table}`);
  await insert(quietFailures(T0 - 3_600));
  await insertRows(engine.client, 'attempts', quietAttempts(T0), `attempts:${token++}`);
});

it('make one spike and one alert, with an hour of late reports between their rounds', async () => {
  const [ahead, behind] = [new Analyzer(0), new Analyzer(20)];
  now = T0 + 65;
  await insert(outage('AS3320/DE', T0, T0 + 60, 30));
  const [first, ...none] = await ahead.round();
  expect(none).toEqual([]);
  // What devices kept for an hour arrives now: the same fault, and everywhere.
  await insert(['AS6805/DE', 'AS3215/FR', 'AS7922/US'].flatMap((network) => outage(network, T0 - 3_600, T0 + 60, 3)));
  await insert(outage('AS3320/DE', T0 - 3_600, T0, 6));
  for (let step = 0; step < 2; step++) {
    now += 10;
    expect((await behind.round()).map(({ id }) => id)).toEqual([first?.id]);
    expect((await ahead.round()).map(({ id }) => id)).toEqual([first?.id]);
  }
  expect(await storedRows()).toEqual([{ spike_id: first?.id, state: expect.any(String) as string }]);
  expect(new Set([...ahead.alerts, ...behind.alerts]).size).toBe(1);
  const {
    kept: [latest],
  } = await loadSpikes(engine.client, now * 1000);
  // The late reports are told, though: it began an hour earlier, and lies everywhere.
  expect(latest?.startedMs).toBeLessThanOrEqual((T0 - 3_590) * 1000);
  expect(latest?.document.failingClients).toBeGreaterThan(30);
}, 180_000);

it('make one spike and one alert of two that were found at the same moment under different scopes', async () => {
  const [ahead, behind] = [new Analyzer(0), new Analyzer(20)];
  now = T0 + 85;
  await insert(outage('AS3320/DE', T0, T0 + 80, 30));
  const [mine] = await ahead.round();
  if (mine === undefined) throw new Error('no spike');
  // The other process found the same with less of it, under an id of its own secret.
  const other = {
    ...mine,
    id: '0000000000000001',
    scope: '',
    startedMs: mine.startedMs + 10_000,
    life: { ...mine.life, toldMs: mine.life.toldMs - 1_000 },
  };
  await saveSpikes(engine.client, [other], now * 1000);
  for (let step = 0; step < 2; step++) {
    now += 10;
    await insert(outage('AS3320/DE', now - 20, now - 10, 30));
    for (const analyzer of [behind, ahead]) expect((await analyzer.round()).map(({ id }) => id)).toEqual([other.id]);
  }
  expect(await storedRows()).toEqual([
    { spike_id: other.id, state: 'open' },
    { spike_id: mine.id, state: 'merged' },
  ]);
  const { kept } = await loadSpikes(engine.client, now * 1000);
  expect(kept.map(({ id, startedMs }) => ({ id, startedMs }))).toEqual([{ id: other.id, startedMs: mine.startedMs }]);
  expect(new Set([...ahead.alerts, ...behind.alerts]).size).toBe(1);
  // A link to the one that lost leads on.
  expect((await findSpike(mine.id, ahead.deps))?.life.mergedInto).toBe(other.id);
}, 180_000);

it('read one endpoint by clocks of their own, and both see that the server is healthy while clients fail outside of it', async () => {
  const requestsAt = (time: number): number => 5_000 + (time - T0) * 10;
  // Four errors while clients fail, after none.
  const textAt = (time: number): string =>
    `http_requests_total{status="200"} ${requestsAt(time)}\nhttp_requests_total{status="503"} ${Math.max(0, Math.floor((time - T0) / 20))}\n`;
  const source = { project: 'shop', host: HOST, url: 'http://127.0.0.1:9/metrics' };
  const reads = [0, 20].flatMap((behindS) =>
    Array.from({ length: 47 }, (_, i) => {
      const time = T0 - 380 + i * 10 + behindS / 5;
      const fetchFn = () => Promise.resolve(new Response(textAt(time)));
      const reading = { client: engine.client, reader: String(behindS), fetchFn, now: () => (time - behindS) * 1000 };
      return pullExposition(source, reading);
    }),
  );
  expect(new Set(await Promise.all(reads))).toEqual(new Set([null]));
  now = T0 + 85;
  await insert(outage('AS3320/DE', T0, T0 + 80, 30));
  for (const analyzer of [new Analyzer(0), new Analyzer(20)]) {
    const [spike] = await analyzer.round();
    expect(spike?.document.verdict).toMatchObject({ verdict: 'outside' });
    const { server_requests_per_s: perS, server_error_share: share } = spike?.document.verdict.numbers ?? {};
    expect(perS).toBeCloseTo(10, 0);
    expect(share).toBeLessThan(0.01);
  }
}, 180_000);

it('tell how many users fail in all, where the server tells its requests by country and release', async () => {
  now = T0 + 85;
  await insert(outage('AS3320/DE', T0, T0 + 80, 30));
  // Opted-in clients make a request a second in Germany and half of that in France: a quarter of all.
  const slices = [
    ['DE', 4],
    ['FR', 2],
    ['US', 4],
  ] as const;
  const values = slices.flatMap(([country, value]) =>
    Array.from({ length: 14 }, (_, i) => ({ time: T0 - i * 300, project: 'shop', host: HOST, name: sliceName(country, '4.2.1'), value })),
  );
  await engine.client.insert({ table: 'server_metrics', values, format: 'JSONEachRow' });
  const [spike] = await new Analyzer(0).round();
  expect(spike?.document.allUsers).toMatchObject({ reason: null });
  expect(spike?.document.allUsers.users).toBeCloseTo(120, 0);
}, 180_000);

it('write nothing new when a round is repeated', async () => {
  now = T0 + 85;
  await insert(outage('AS3320/DE', T0, T0 + 80, 30));
  const rows = () => engine.ask(`SELECT * EXCEPT version FROM spikes FINAL ORDER BY spike_id`);
  await new Analyzer(0).round();
  const once = await rows();
  expect(once).toHaveLength(1);
  await new Analyzer(0).round();
  expect(await rows()).toEqual(once);
  expect(await engine.ask('SELECT toUInt32(count()) AS n FROM spikes')).toEqual([{ n: 1 }]);
}, 180_000);
