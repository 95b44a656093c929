/** Server metrics by every way: asked of a real Prometheus, pushed by it, pushed by a real OpenTelemetry SDK; and deploy markers. */
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startAnalyzer } from '@outcry/analyzer';
import type { AnalyzerHandle } from '@outcry/analyzer';
import { createStorageClient, migrate, startStorage } from '@outcry/storage';
import type { ClickHouseClient, StorageHandle } from '@outcry/storage';
import { findProgram } from '../../scripts/programs.mjs';
import { answersOk, startProgram } from './debian-program.js';
import type { RunningProgram } from './debian-program.js';
import { eventually } from './eventually.js';
import { freePort } from '../free-port.js';
import { RunningCommand } from './running-command.js';

const ASKED = 'asked.shop.example';
const PUSHED = 'pushed.shop.example';
const OTLP = 'otlp.shop.example';

let folder: string;
let storage: StorageHandle;
let client: ClickHouseClient;
let analyzer: AnalyzerHandle;
let prometheus: RunningProgram;
let served = 0;
/** A server that answers ten requests between two scrapes, one of them with an error. */
const shop = createServer((_request, response) => {
  served += 10;
  response.end(
    `# TYPE http_requests_total counter\nhttp_requests_total{status="200"} ${served * 0.9}\nhttp_requests_total{status="503"} ${served * 0.1}\n` +
      '# TYPE app_latency_seconds gauge\napp_latency_seconds 0.25\n',
  );
});

interface Stored {
  readonly name: string;
  readonly samples: string;
  readonly highest: number;
}
async function storedOf(host: string): Promise<Stored[]> {
  const query = `SELECT toString(name) AS name, count() AS samples, max(value) AS highest FROM server_metrics FINAL
                 WHERE project = 'shop' AND host = {host:String} GROUP BY name ORDER BY name`;
  const result = await client.query({ query, query_params: { host }, format: 'JSONEachRow' });
  return result.json<Stored>();
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outcry-metrics-'));
  storage = await startStorage({ dataDir: join(folder, 'storage') });
  client = createStorageClient(storage.connection);
  await migrate(client);
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const port = await freePort();
  const prometheusUrl = `http://127.0.0.1:${port}`;
  analyzer = await startAnalyzer({
    host: '127.0.0.1',
    port: 0,
    client,
    projects: { shop: { hosts: [ASKED, PUSHED, OTLP], stage: 'production' } },
    serverMetrics: [
      { project: 'shop', host: ASKED, prometheusUrl, latencyQuery: 'avg(app_latency_seconds)', proberQuery: 'up{job="shop"}' },
      { project: 'shop', host: PUSHED, push: { labels: { job: 'shop' } } },
      { project: 'shop', host: OTLP, push: { labels: { 'service.name': 'shop' } } },
    ],
  });
  await writeFile(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1s }
scrape_configs: [{ job_name: shop, static_configs: [{ targets: ['127.0.0.1:${(shop.address() as AddressInfo).port}'] }] }]
remote_write: [{ url: '${analyzer.url}/api/v1/push/prometheus', queue_config: { batch_send_deadline: 1s } }]
`,
  );
  prometheus = await startProgram(
    findProgram('prometheus') ?? 'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/prometheus`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--storage.remote.flush-deadline=1s',
    ],
    answersOk(`${prometheusUrl}/-/ready`),
  );
});
afterAll(async () => {
  await prometheus.stop();
  await analyzer.close();
  await client.close();
  await storage.close();
  shop.closeAllConnections();
  await new Promise((resolve) => shop.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

describe('server metrics', () => {
  it('are pushed by a Prometheus: raw counters of the series that a source names, and nothing else', async () => {
    await eventually(async () => {
      const names = (await storedOf(PUSHED)).map(({ name }) => name);
      expect(names).toEqual([
        expect.stringMatching(/^requests\{class="2xx",series="[0-9a-f]{8}",process="[0-9a-f]{8}"\}$/),
        expect.stringMatching(/^requests\{class="5xx",series="[0-9a-f]{8}",process="[0-9a-f]{8}"\}$/),
      ]);
    }, 60_000);
    const metrics = await (await fetch(`${analyzer.url}/metrics`)).text();
    // A Prometheus pushes its own series of every target too.
    expect(metrics).toMatch(/outcry_server_samples_pushed_total\{outcome="foreign"\} [1-9]/);
  });

  it('are asked of a Prometheus by range queries: rates by status, latency and results of probers', async () => {
    await eventually(async () => {
      const stored = await storedOf(ASKED);
      expect(stored.map(({ name }) => name)).toEqual([
        'latency_s',
        expect.stringMatching(/^probe_success\{series="[0-9a-f]{8}"\}$/),
        expect.stringMatching(/^requests_per_s\{class="2xx",series=/),
        expect.stringMatching(/^requests_per_s\{class="5xx",series=/),
      ]);
      expect(stored[0]?.highest).toBe(0.25);
      expect(stored[1]?.highest).toBe(1);
      expect(stored[2]?.highest).toBeGreaterThan(stored[3]?.highest ?? Infinity);
    }, 90_000);
  }, 100_000);

  it('are pushed by an OpenTelemetry SDK: the counts of its duration histogram', async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter({ url: `${analyzer.url}/v1/metrics` }),
      exportIntervalMillis: 60_000,
    });
    const meter = new MeterProvider({ readers: [reader] }).getMeter('shop');
    const duration = meter.createHistogram('http.server.request.duration', { unit: 's' });
    for (const [status, times] of [
      [200, 7],
      [503, 2],
    ] as const)
      for (let n = 0; n < times; n++) duration.record(0.1, { 'http.response.status_code': status, 'service.name': 'shop' });
    await reader.forceFlush();
    await eventually(async () =>
      expect((await storedOf(OTLP)).map(({ name, highest }) => [name.slice(0, 20), highest])).toEqual([
        ['requests{class="2xx"', 7],
        ['requests{class="5xx"', 2],
      ]),
    );
    await reader.shutdown();
  });

  it('that are malformed, of another type, too long or sent by a page are refused with a code, and nothing is stored', async () => {
    const before = JSON.stringify(await storedOf(PUSHED).then((rows) => rows.map(({ name }) => name)));
    const snappy = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
    const post = async (path: string, headers: Record<string, string>, body: string | Uint8Array): Promise<unknown> => {
      const answer = await fetch(analyzer.url + path, { method: 'POST', headers, body: body as string });
      return [answer.status, ((await answer.json()) as { code: string }).code];
    };
    expect(await post('/api/v1/push/prometheus', snappy, 'nothing of the kind')).toEqual([400, 'malformed_body']);
    // Says that it unpacks to 2 GiB.
    expect(await post('/api/v1/push/prometheus', snappy, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08, 0))).toEqual([400, 'malformed_body']);
    expect(await post('/api/v1/push/prometheus', { 'content-type': 'text/plain' }, 'x')).toEqual([415, 'unsupported_media_type']);
    expect(await post('/api/v1/push/prometheus', { ...snappy, origin: 'https://elsewhere.example' }, 'x')).toEqual([403, 'origin_refused']);
    expect(await post('/v1/metrics', { 'content-type': 'application/json' }, '{"resourceMetrics":1}')).toEqual([400, 'malformed_body']);
    expect(await post('/v1/metrics', { 'content-type': 'application/json' }, 'x'.repeat(5_000_000))).toEqual([413, 'body_too_long']);
    expect(JSON.stringify(await storedOf(PUSHED).then((rows) => rows.map(({ name }) => name)))).toBe(before);
  });

  it('have markers of deploys beside them; the same deploy told twice is one', async () => {
    const post = (body: unknown): Promise<Response> =>
      fetch(`${analyzer.url}/api/v1/markers`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const marker = { project: 'shop', release: '4.2.1', title: 'rollout', time: '2026-01-05T14:20:00Z' };
    expect((await post(marker)).status).toBe(201);
    expect((await post(marker)).status).toBe(201);
    const result = await client.query({ query: 'SELECT release, title FROM markers FINAL', format: 'JSONEachRow' });
    expect(await result.json()).toEqual([{ release: '4.2.1', title: 'rollout' }]);
    expect(await (await post({ project: 'nobody' })).json()).toMatchObject({ code: 'bad_parameter' });
    expect(await (await post({ project: 'shop', kind: 'NO' })).json()).toMatchObject({
      code: 'bad_parameter',
      detail: expect.stringContaining('kind'),
    });
  });

  it('are told of a deploy by the command, which says what went wrong and ends with 1 when it is refused', async () => {
    const env = { OUTCRY_DATA_DIR: join(folder, 'command') };
    const mark = (...args: string[]): RunningCommand => new RunningCommand(['mark', 'deploy', '--analyzer', analyzer.url, ...args], env);
    const noted = mark('--project', 'shop', '--release', '4.2.2');
    expect(await noted.exited).toBe(0);
    expect(noted.text).toMatch(/^noted: deploy of shop 4\.2\.2 at \d{4}-/);
    const refused = mark('--project', 'nobody');
    expect(await refused.exited).toBe(1);
    expect(refused.text).toContain('bad_parameter: project or host is not watched here');
    const gone = new RunningCommand(['mark', 'deploy', '--project', 'shop', '--analyzer', 'http://127.0.0.1:9'], env);
    expect(await gone.exited).toBe(1);
    expect(gone.text).toContain('does not answer');
  });
});
