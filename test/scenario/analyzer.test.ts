/**
 * The analyzer over the real engine: two quiet hours, an outage of one network, its end, a second start, storage away.
 * Long because it is one story on one engine.
 */
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnalyzer } from '@outcry/analyzer';
import type { AnalyzerHandle, SpikeDetail, SpikeSummary } from '@outcry/analyzer';
import { createStorageClient, insertRows, migrate, startStorage } from '@outcry/storage';
import type { AttemptRow, ClickHouseClient, ReportRow, StorageHandle } from '@outcry/storage';

const HOST = 'api.shop.example';
const NETWORKS = ['AS3320/DE', 'AS6805/DE', 'AS3215/FR', 'AS2856/GB', 'AS7922/US', 'AS701/US', 'AS55836/IN', 'AS9498/IN'];
/** The present of the test: a whole minute, so that bins fall the same way on every run. */
const T0 = Math.floor(Date.now() / 60_000) * 60;
let now = T0;
let nextId = 1n;
let token = 0;

const place = (network: string, at: number, client: string) => ({
  received_at: Math.floor((at + 3) / 10) * 10,
  collector: 'c1',
  sealed_day: Math.floor(at / 86_400),
  event_time: at,
  time_trust: 'device' as const,
  network,
  country: network.split('/')[1] ?? 'ZZ',
  lateness_s: 0,
  signer: client,
  weight: 1,
});
const context = { source: 'sdk-node', project: 'shop', release: '4.2.1', runtime: 'node', runtime_major: 20, os: 'linux' } as const;

function failure(network: string, at: number, client: number, extra: Partial<ReportRow> = {}): ReportRow {
  return {
    ...context,
    sdk_version: '0.1.0',
    diagnosis_version: 1,
    consent_text: 'v1',
    consent_method: 'operator',
    occurred_at: at,
    host: HOST,
    scheme: 'http',
    method: 'GET',
    resource: 'fetch',
    route: null,
    phase: 'application',
    type: 'http.failed',
    kind: 'timeout',
    confidence_pct: 90,
    elapsed_ms: 10_000,
    status_code: 0,
    protocol: 'unknown',
    online: true,
    connection: 'unknown',
    claimed_asn: 0,
    claimed_country: '',
    claim_age: 'none',
    count: 1,
    span_s: 0,
    sampling_ppm: 1_000_000,
    ...place(network, at, String(1_000_000 + client)),
    report_id: String(nextId++),
    ...extra,
  };
}
function attempts(network: string, at: number, client: number, made: number, failed: number): AttemptRow {
  return {
    ...context,
    host: HOST,
    bin_start: at,
    made,
    succeeded: made - failed,
    failed,
    aborted: 0,
    panel_ppm: 1_000_000,
    ...place(network, at, String(1_000_000 + client)),
    attempt_id: String(nextId++),
  };
}
/** Client numbers of a network: 100 × its index and up. */
const client = (network: string, n: number): number => 100 * (1 + NETWORKS.indexOf(network)) + n;
const floor10 = (s: number): number => Math.floor(s / 10) * 10;

/** `clients` of a network fail in each 10 s from `from` to before `to`. */
function outage(network: string, from: number, to: number, clients: number, extra: Partial<ReportRow> = {}): ReportRow[] {
  const rows: ReportRow[] = [];
  for (let at = floor10(from); at < to; at += 10)
    for (let n = 0; n < clients; n++) rows.push(failure(network, at, client(network, n), extra));
  return rows;
}
const eventually = async (check: () => Promise<void>, forMs = 30_000): Promise<void> => {
  const end = performance.now() + forMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
};

let dataDir: string;
let storage: StorageHandle;
let client1: ClickHouseClient;
let analyzer: AnalyzerHandle;
/** The shop's own counters: well all the time. */
const served = { ok: 0, errors: 0 };
const shop = createServer((_request, response) => {
  served.ok += 100;
  response.end(
    `# TYPE http_requests_total counter\nhttp_requests_total{status="200"} ${served.ok}\nhttp_requests_total{status="503"} ${served.errors}\n`,
  );
});

const insert = (rows: readonly ReportRow[]) => insertRows(client1, 'reports', rows, `reports:${token++}`);
const start = (): Promise<AnalyzerHandle> =>
  startAnalyzer({
    host: '127.0.0.1',
    port: 0,
    client: client1,
    projects: { shop: { hosts: [HOST], stage: 'production' }, 'shop-dev': { hosts: [HOST], stage: 'development' } },
    serverMetrics: [{ project: 'shop', host: HOST, url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}/metrics` }],
    intervalMs: 300,
    now: () => now * 1000,
  });
const get = async <T>(path: string): Promise<T> => (await (await fetch(analyzer.url + path)).json()) as T;
const text = async (path: string): Promise<string> => (await fetch(analyzer.url + path)).text();
const spikes = (): Promise<SpikeSummary[]> => get('/api/v1/spikes');
const theOne = async (): Promise<SpikeSummary> => {
  const [spike] = (await spikes()).filter((s) => s.kind === 'timeout');
  if (spike === undefined) throw new Error('no spike yet');
  return spike;
};

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'outcry-analyzer-'));
  storage = await startStorage({ dataDir });
  client1 = createStorageClient(storage.connection);
  await migrate(client1);
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  // Two quiet hours: now and then one client of one network fails, and every network's clients make requests.
  const quiet: ReportRow[] = [];
  for (let i = 0; i < 90; i++)
    quiet.push(failure(NETWORKS[i % 8] ?? '', floor10(T0 - 7_190 + i * 78), client(NETWORKS[i % 8] ?? '', i % 30)));
  await insert(quiet);
  const panel: AttemptRow[] = [];
  for (let at = T0 - 7_200; at < T0 - 300; at += 300)
    for (const network of NETWORKS) for (let n = 0; n < 5; n++) panel.push(attempts(network, at, client(network, n), 30, 0));
  await insertRows(client1, 'attempts', panel, 'attempts:1');
  const counters = [];
  for (let at = T0 - 3_600; at <= T0; at += 60)
    counters.push({ time: at, project: 'shop', host: HOST, name: 'requests{class="2xx"}', value: (at - T0 + 3_600) * 10 });
  await client1.insert({ table: 'server_metrics', values: counters, format: 'JSONEachRow' });
  served.ok = 36_000;
  analyzer = await start();
});
afterAll(async () => {
  await analyzer.close();
  await client1.close();
  await storage.close();
  await new Promise((resolve) => shop.close(resolve));
  await rm(dataDir, { recursive: true, force: true });
});

describe('the analyzer', () => {
  it('finds nothing in two quiet hours, and says so in plain words', async () => {
    await eventually(async () => expect(await get('/healthz')).toMatchObject({ status: 'ok' }));
    expect(await spikes()).toEqual([]);
    const page = await text('/');
    expect(page).toContain('No open spike');
    expect(page).not.toContain('is learning');
  });

  it('finds the outage of one network with host, kind, network and verdict', async () => {
    now = T0 + 65;
    await insert(outage('AS3320/DE', T0, T0 + 60, 30));
    await insert([failure('AS701/US', floor10(T0 + 20), client('AS701/US', 3))]);
    await eventually(async () => {
      expect(await theOne()).toMatchObject({
        project: 'shop',
        host: HOST,
        kind: 'timeout',
        network: 'AS3320/DE',
        country: 'DE',
        state: 'open',
        ended_at: null,
        started_at: new Date(T0 * 1000).toISOString(),
        failing_clients: 30,
        verdict: 'outside',
      });
    });
    expect((await theOne()).sentence).toContain(`About 30 clients get no answer in time from ${HOST} since`);
  });

  it('shows it on the list page and on a page of its own, which works without script and breaks no policy', async () => {
    const spike = await theOne();
    expect(await text('/')).toContain('One open spike');
    const answer = await fetch(analyzer.url + spike.url);
    const page = await answer.text();
    expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(page).toContain('Is it us? No: the fault is outside');
    expect(page).toMatch(/<svg\s+class="chart"/);
    expect(page).not.toMatch(/ style=|<style|<script(?! src="\/assets\/)/);
    for (const asset of page.match(/\/assets\/[a-z.]+/g) ?? []) expect((await fetch(analyzer.url + asset)).status).toBe(200);
  });

  it('tells the details: series, breakdown, numbers of the verdict', async () => {
    const detail = await get<SpikeDetail>(`/api/v1${(await theOne()).url}`);
    expect(detail.verdict_detail.numbers.server_error_share).toBe(0);
    expect(detail.verdict_detail.would_change.length).toBeGreaterThan(0);
    expect(Math.max(...detail.series.bins.map((b) => b.clients ?? 0))).toBeGreaterThanOrEqual(30);
    const network = detail.breakdown.dimensions.find((d) => d.name === 'network');
    expect(network?.rows[0]).toMatchObject({ value: 'AS3320/DE', clients: 30 });
  });

  it('names no group below k anywhere: six clients of one network are a spike of the whole host', async () => {
    await insert(outage('AS3215/FR', T0, T0 + 60, 6, { kind: 'dns', type: 'dns.name_not_resolved' }));
    await eventually(async () => expect((await spikes()).some((s) => s.kind === 'dns')).toBe(true));
    const dns = (await spikes()).find((s) => s.kind === 'dns');
    expect(dns).toMatchObject({ network: null, country: null, failing_clients: 6 });
    const subject = `project=shop&host=${HOST}&kind=dns`;
    const said = [
      await text('/api/v1/spikes'),
      await text(`/api/v1/spikes/${dns?.id}`),
      await text(`/spikes/${dns?.id}`),
      await text('/'),
      await text('/api/v1/inventory'),
      await text(`/api/v1/series?${subject}`),
      ...(await Promise.all(
        ['10m', '1h', '6h', '1d'].map((w) => text(`/api/v1/breakdown?${subject}&window=${w}&at=${new Date(T0 * 1000).toISOString()}`)),
      )),
    ];
    for (const answer of said) expect(answer).not.toMatch(/AS3215|"FR"|>FR</);
  });

  it('answers wrong questions with a coded problem', async () => {
    const answer = await fetch(`${analyzer.url}/api/v1/series?project=shop&host=${HOST}&kind=nonsense`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ code: 'bad_parameter', detail: expect.stringContaining('kind') });
    expect(await get('/api/v1/spikes/0000000000000000')).toMatchObject({ code: 'spike_not_found' });
    expect((await fetch(`${analyzer.url}/live/shop`)).status).toBe(404);
    expect((await fetch(`${analyzer.url}/api/v1/spikes`, { method: 'POST' })).status).toBe(405);
  });

  it('shows development reports live, in plain words, and escapes what they hold', async () => {
    await insertRows(
      client1,
      'dev_reports',
      [failure('AS3320/DE', floor10(T0), 7, { project: 'shop-dev', type: 'dns.name_not_resolved', kind: 'dns', release: '<b>1</b>' })],
      'dev:1',
    );
    const page = await text('/live/shop-dev');
    expect(page).toContain('the name does not exist');
    expect(page).toContain('&lt;b&gt;1&lt;/b&gt;');
    expect(page).not.toContain('<b>1</b>');
    expect(page).not.toContain('http-equiv="refresh"');
  });

  it('closes the spike when the network is back', async () => {
    const { id } = await theOne();
    now = T0 + 240;
    await eventually(async () =>
      expect(await theOne()).toMatchObject({ id, state: 'closed', ended_at: new Date((T0 + 60) * 1000).toISOString() }),
    );
    expect((await theOne()).sentence).toContain('got no answer in time');
  });

  it('adopts and reopens it after a second start, instead of opening another', async () => {
    const { id } = await theOne();
    await analyzer.close();
    analyzer = await start();
    now = T0 + 365;
    await insert(outage('AS3320/DE', T0 + 300, T0 + 360, 30));
    await eventually(async () =>
      expect(await theOne()).toMatchObject({ id, state: 'open', started_at: new Date(T0 * 1000).toISOString() }),
    );
    expect((await spikes()).filter((s) => s.kind === 'timeout')).toHaveLength(1);
  });

  it('goes on, degraded, while storage is away', async () => {
    await storage.close();
    await eventually(async () => expect(await get('/healthz')).toMatchObject({ status: 'degraded', code: 'storage_unavailable' }));
    expect((await spikes()).some((s) => s.kind === 'timeout')).toBe(true);
    expect(await text('/')).toContain('Degraded');
    const answer = await fetch(`${analyzer.url}/api/v1/inventory`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: 'storage_unavailable' });
    expect(await text('/metrics')).toContain('outcry_storage_up 0');
    storage = await startStorage({ dataDir });
    // The new front is another address, so the rest belongs to a new client.
    await analyzer.close();
    await client1.close();
    client1 = createStorageClient(storage.connection);
    analyzer = await start();
    await eventually(async () => expect(await theOne()).toMatchObject({ state: 'open' }));
  });
});
