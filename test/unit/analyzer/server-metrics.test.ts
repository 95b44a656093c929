import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { readMetrics } from '../../../analyzer/src/scrape/read-metrics.js';
import { scrape } from '../../../analyzer/src/scrape/scrape.js';
import { counterName, serverEvidence } from '../../../analyzer/src/watch/server-evidence.js';

const TEXT = `# TYPE http_requests_total counter
http_requests_total{status="200",method="get"} 100
http_requests_total{status="204",method="get"} 20
http_requests_total{status="503",method="get"} 3
http_requests_total{status="5xx"} 4
http_requests_total 7
# TYPE other gauge
other 1
`;

describe('server metrics', () => {
  it('sums the request counter by status class', () => {
    expect(Object.fromEntries(readMetrics(TEXT, {}))).toEqual({ '2xx': 120, '5xx': 7, other: 7 });
  });

  it('takes configured names', () => {
    const text = 'app_requests{outcome="500"} 2\napp_requests{outcome="200"} 8\n';
    expect(Object.fromEntries(readMetrics(text, { requests: 'app_requests', statusLabel: 'outcome' }))).toEqual({ '5xx': 2, '2xx': 8 });
    expect(readMetrics(text, {}).size).toBe(0);
  });

  const rowsOf = (samples: readonly (readonly [number, number, number])[]) =>
    (['2xx', '5xx'] as const).flatMap((c, i) =>
      samples.map(([time, ...values]) => ({ name: counterName(c), time, value: values[i] ?? 0 })),
    );

  it('turns counters into requests and errors inside and before, and counts a reset from 0', () => {
    const rows = rowsOf([
      [0, 0, 0],
      [60, 600, 1],
      [120, 1200, 2],
      [180, 1800, 3],
      [240, 2400, 4],
      [300, 500, 50],
      [360, 900, 90],
    ]);
    const evidence = serverEvidence(rows, { startMs: 250_000, endMs: 370_000 });
    expect(evidence?.now).toEqual({ requests: 500 + 400 + 46 + 40, errors: 86, seconds: 120 });
    expect(evidence?.baseline).toEqual({ requests: 1803, errors: 3, seconds: 180 });
    expect(evidence?.fresh).toBe(true);
  });

  it('is stale when the last sample is older than a minute and a half, and null without any', () => {
    const rows = rowsOf([
      [0, 0, 0],
      [60, 600, 1],
      [120, 1200, 2],
    ]);
    expect(serverEvidence(rows, { startMs: 60_000, endMs: 400_000 })?.fresh).toBe(false);
    expect(serverEvidence(rows, { startMs: 200_000, endMs: 210_000 })?.fresh).toBe(false);
    expect(serverEvidence([], { startMs: 0, endMs: 1 })).toBeNull();
  });

  it('takes what the counters held at first sight for the baseline when measuring began just before the spike', () => {
    const rows = rowsOf([
      [95, 50_000, 25],
      [105, 50_100, 25],
      [115, 50_200, 25],
    ]);
    const evidence = serverEvidence(rows, { startMs: 100_000, endMs: 120_000 });
    expect(evidence?.baseline).toEqual({ requests: 50_025, errors: 25, seconds: 0 });
    const { numbers, verdict } = pair({ kind: 'timeout', place: {}, networksFailing: 3, failingClients: 30, expectedClients: 0 }, evidence);
    expect(verdict).toBe('outside');
    expect(numbers).toMatchObject({ server_error_share: 0, server_error_share_before: 25 / 50_025, request_dip: null });
    expect(serverEvidence(rows, { startMs: 90_000, endMs: 120_000 })?.baseline.requests).toBe(0);
  });

  it('measures how much the request rate usually wanders', () => {
    const steady = rowsOf(Array.from({ length: 21 }, (_, i) => [i * 60, i * 600, 0] as const));
    expect(serverEvidence(steady, { startMs: 1_250_000, endMs: 1_300_000 })?.levelSd).toBeCloseTo(0, 5);
  });
});

describe('scrape', () => {
  const insertedBy = async (body: string, status = 200): Promise<{ error: string | null; rows: ServerMetricRow[] }> => {
    const server = createServer((_request, response) => void response.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const rows: ServerMetricRow[] = [];
    const client = {
      insert: (o: { values: ServerMetricRow[] }) => Promise.resolve(void rows.push(...o.values)),
    } as unknown as ClickHouseClient;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const error = await scrape({ project: 'shop', host: 'a', url }, { client, now: () => 1_000_500 });
    await new Promise((resolve) => server.close(resolve));
    return { error, rows };
  };

  it('stores raw counters by status class', async () => {
    const { error, rows } = await insertedBy(TEXT);
    expect(error).toBeNull();
    expect(rows).toContainEqual({ time: 1000, project: 'shop', host: 'a', name: 'requests{class="5xx"}', value: 7 });
  });

  it('lets go of an endpoint that never ends, and of one that never begins', async () => {
    let isOver = false;
    const server = createServer((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200).on('close', () => (isOver = true));
      const more = (): void => {
        while (!isOver && response.write('x'.repeat(65_536)));
        if (!isOver) response.once('drain', more);
      };
      more();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const source = (path: string) => ({ project: 'shop', host: 'a', url: base + path });
    const client = {} as ClickHouseClient;
    expect(await scrape(source('/endless'), { client })).toContain('4 MiB');
    expect(await scrape(source('/silent'), { client, timeoutMs: 50 })).toContain('timeout');
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(isOver).toBe(true);
  });

  it('takes no value from a counter that lies: not a number, negative, infinite', async () => {
    const text = ['NaN', '-5', '+Inf', '1e999', '12abc', '9'].map((value, i) => `http_requests_total{status="20${i}"} ${value}`).join('\n');
    expect((await insertedBy(`${text}\n`)).rows.map((r) => r.value)).toEqual([9]);
  });

  it('says what is wrong instead of failing: an error answer, no counter, nonsense, nobody there', async () => {
    expect((await insertedBy('', 500)).error).toContain('500');
    expect((await insertedBy('other 1\n')).error).toContain('http_requests_total');
    expect((await insertedBy('<html>')).error).not.toBeNull();
    const nobody = await scrape({ project: 'shop', host: 'a', url: 'http://127.0.0.1:9/metrics' }, { client: {} as ClickHouseClient });
    expect(nobody).toMatch(/fetch failed/);
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/metrics`;
    await new Promise((resolve) => closed.close(resolve));
    expect(await scrape({ project: 'shop', host: 'a', url }, { client: {} as ClickHouseClient })).toContain('ECONNREFUSED');
  });
});
