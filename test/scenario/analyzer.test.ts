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
import type { ClickHouseClient, ReportRow, StorageHandle } from '@outcry/storage';
import { eventually } from './eventually.js';
import { attempts, client, failure, floor10, HOST, outage, quietAttempts, quietFailures } from './outage-rows.js';

/** The present of the test: yesterday at 12:10 UTC, so that bins, days and windows of the grid fall the same way on every run. */
const T0 = Math.floor(Date.now() / 86_400_000 - 1) * 86_400 + 12 * 3_600 + 600;
let now = T0;
let token = 0;

let dataDir: string;
let storage: StorageHandle;
let client1: ClickHouseClient;
let analyzer: AnalyzerHandle;
/** The shop's own counters: well all the time, ten requests a second by the test's clock however often they are read. */
const servedAt = (at: number): number => (at - T0 + 3_600) * 10;
const shop = createServer((_request, response) => {
  response.end(
    `# TYPE http_requests_total counter\nhttp_requests_total{status="200"} ${servedAt(now)}\nhttp_requests_total{status="503"} 0\n`,
  );
});

const insert = (rows: readonly ReportRow[]) => insertRows(client1, 'reports', rows, `reports:${token++}`);
const start = (): Promise<AnalyzerHandle> =>
  startAnalyzer({
    host: '127.0.0.1',
    port: 0,
    client: client1,
    projects: {
      shop: { hosts: [HOST], stage: 'production', slo: { objective: 0.999, windowDays: 30 } },
      'shop-dev': { hosts: [HOST], stage: 'development' },
    },
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
  await insert(quietFailures(T0));
  await insertRows(client1, 'attempts', quietAttempts(T0), 'attempts:1');
  const counters = [];
  for (let at = T0 - 3_600; at <= T0; at += 60)
    counters.push({ time: at, project: 'shop', host: HOST, name: 'requests{class="2xx"}', value: servedAt(at) });
  await client1.insert({ table: 'server_metrics', values: counters, format: 'JSONEachRow' });
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
    expect(page).toContain('99.9 % over 30 days: too few failed requests in the last hour to say');
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
        all_users: { text: null, note: 'the server tells no totals by country and release' },
        slo: { objective: 0.999, window_days: 30, severity: null },
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

  it('shows what browsers report by themselves beside the spike, adds it to no count, and makes no spike of it', async () => {
    const before = await get<SpikeDetail>((await theOne()).url.replace('/spikes', '/api/v1/spikes'));
    expect(before.nel).toBeNull();
    // Two runs of a collector numbered the same 12 prefixes; elsewhere a hundred browsers report, and no agent does.
    const browser = (run: bigint, n: number, network: string, type: string): ReportRow =>
      failure(network, floor10(T0 + 20), n, { source: 'nel', type, kind: 'tls', signer: String((run << 48n) + BigInt(n + 1)) });
    const rows = [7n, 8n].flatMap((run) => Array.from({ length: 12 }, (_, n) => browser(run, n, 'AS3320/DE', 'tls.cert.date_invalid')));
    rows.push(...Array.from({ length: 11 }, (_, n) => browser(7n, n, 'AS3320/DE', 'abandoned')));
    rows.push(...Array.from({ length: 100 }, (_, n) => browser(9n, n, 'AS7922/US', 'tls.cert.date_invalid')));
    await insert(rows);
    const after = await get<SpikeDetail>(before.url.replace('/spikes', '/api/v1/spikes'));
    expect(after.nel).toMatchObject({
      network: 'AS3320/DE',
      clients_text: 'about 10',
      types: [{ type: 'tls.cert.date_invalid', clients_text: 'about 10', share: 1 }],
      masked_text: 'about 10',
    });
    expect(after.failing_by_kind).toEqual(before.failing_by_kind);
    expect(after.breakdown).toEqual(before.breakdown);
    expect(await text(before.url)).toContain('What browsers report by themselves');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await spikes()).filter((s) => s.kind === 'tls')).toEqual([]);
  });

  it('sets probers beside the spike, in the numbers of the verdict and in no other count', async () => {
    const before = await get<SpikeDetail>((await theOne()).url.replace('/spikes', '/api/v1/spikes'));
    expect(before.verdict_detail.numbers.probers).toBeNull();
    const probe = (network: string, n: number, failed: number, at: number) => ({
      ...attempts(network, at, 900_000 + n, 30, failed),
      source: 'probe' as const,
    });
    const bin = Math.floor(T0 / 300) * 300;
    // Two elsewhere that reach the host; one in the failing network, which shares its fault.
    const rows = [probe('AS7922/US', 1, 0, bin), probe('AS2856/GB', 2, 1, bin), probe('AS3320/DE', 3, 30, bin)];
    await insertRows(client1, 'attempts', rows, 'attempts:probe');
    await insert([failure('AS9498/IN', floor10(T0 + 20), 900_004, { source: 'probe' })]);
    await insert([failure('AS3320/DE', floor10(T0 + 50), client('AS3320/DE', 1))]);
    now += 5;
    await eventually(async () => {
      const { verdict_detail: after, failing_by_kind: kinds } = await get<SpikeDetail>(
        (await theOne()).url.replace('/spikes', '/api/v1/spikes'),
      );
      expect(after.numbers).toMatchObject({
        probers: 3,
        probers_failing: 1,
        attempts_failed_share: before.verdict_detail.numbers.attempts_failed_share,
      });
      expect(kinds).toEqual(before.failing_by_kind);
    });
    expect(await text((await theOne()).url)).toMatch(/Probers elsewhere that fail<\/th>\s*<td class="number">1 of 3/);
  });

  it('shows development reports live, in plain words, and escapes what they hold', async () => {
    // These are kept a day by the clock of storage.
    const lately = floor10(Date.now() / 1000);
    await insertRows(
      client1,
      'dev_reports',
      [failure('AS3320/DE', lately, 7, { project: 'shop-dev', type: 'dns.name_not_resolved', kind: 'dns', release: '<b>1</b>' })],
      'dev:1',
    );
    const page = await text('/live/shop-dev');
    expect(page).toContain('the name does not exist');
    expect(page).toContain('&lt;b&gt;1&lt;/b&gt;');
    expect(page).not.toContain('<b>1</b>');
    expect(page).not.toContain('http-equiv="refresh"');
  });

  it('calls the spike recovering when the network is back, and closes it when it has been quiet for five minutes', async () => {
    const { id } = await theOne();
    now = T0 + 240;
    await eventually(async () =>
      expect(await theOne()).toMatchObject({
        id,
        state: 'open',
        phase: 'recovering',
        ended_at: null,
        quiet_since: new Date((T0 + 60) * 1000).toISOString(),
      }),
    );
    expect(await text('/')).toContain('Open, recovering');
    now = T0 + 365;
    await eventually(async () =>
      expect(await theOne()).toMatchObject({ id, state: 'closed', ended_at: new Date((T0 + 60) * 1000).toISOString() }),
    );
    expect((await theOne()).sentence).toContain('got no answer in time');
  });

  it('adopts and reopens it after a second start, instead of opening another', async () => {
    const { id } = await theOne();
    await analyzer.close();
    analyzer = await start();
    now = T0 + 485;
    await insert(outage('AS3320/DE', T0 + 420, T0 + 480, 30));
    await eventually(async () =>
      expect(await theOne()).toMatchObject({
        id,
        state: 'open',
        phase: 'reopened',
        reopened: 1,
        started_at: new Date(T0 * 1000).toISOString(),
      }),
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
