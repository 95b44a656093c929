import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { MOST_SETS, pullExposition } from '../../../analyzer/src/server-metrics/pull-exposition.js';
import { readExposition, summed } from '../../../analyzer/src/server-metrics/read-exposition.js';
import type { ExposedCounter } from '../../../analyzer/src/server-metrics/read-exposition.js';
import { serverEvidence } from '../../../analyzer/src/server-metrics/server-evidence.js';
import { increments } from '../../../analyzer/src/server-metrics/steps.js';
import { readStoredName, storedName } from '../../../analyzer/src/server-metrics/stored-name.js';

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
  const valuesOf = (counters: readonly ExposedCounter[]) => counters.map(({ statusClass, value }) => [statusClass, value]);

  it('reads the request counter of each set of labels, and can sum it by status class', () => {
    const counters = readExposition(TEXT, {});
    expect(valuesOf(counters)).toEqual([['2xx', 100], ['2xx', 20], ['5xx', 3], ['5xx', 4], ['other', 7]]); // prettier-ignore
    expect(new Set(counters.map(({ labels }) => labels)).size).toBe(5);
    expect(valuesOf(summed(counters))).toEqual([['2xx', 120], ['5xx', 7], ['other', 7]]); // prettier-ignore
  });

  it('takes configured names', () => {
    const text = 'app_requests{outcome="500"} 2\napp_requests{outcome="200"} 8\n';
    expect(valuesOf(readExposition(text, { requests: 'app_requests', statusLabel: 'outcome' }))).toEqual([['5xx', 2], ['2xx', 8]]); // prettier-ignore
    expect(readExposition(text, {})).toEqual([]);
  });

  const rowsOf = (samples: readonly (readonly [number, number, number])[]) =>
    (['2xx', '5xx'] as const).flatMap((c, i) =>
      samples.map(([time, ...values]) => ({ name: storedName('requests', c), time, value: values[i] ?? 0 })),
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
    expect(evidence.now).toEqual({ requests: 500 + 400 + 46 + 40, errors: 86, seconds: 120 });
    expect(evidence.baseline).toEqual({ requests: 1803, errors: 3, seconds: 180 });
    expect(evidence.fresh).toBe(true);
  });

  it('is stale when the last sample is older than a minute and a half, and without any', () => {
    const rows = rowsOf([
      [0, 0, 0],
      [60, 600, 1],
      [120, 1200, 2],
    ]);
    expect(serverEvidence(rows, { startMs: 60_000, endMs: 400_000 }).fresh).toBe(false);
    expect(serverEvidence(rows, { startMs: 200_000, endMs: 210_000 }).fresh).toBe(false);
    expect(serverEvidence([], { startMs: 0, endMs: 1 })).toMatchObject({ fresh: false, now: { requests: 0, seconds: 0 } });
  });

  it('takes what the counters held at first sight for the baseline when measuring began just before the spike', () => {
    const rows = rowsOf([
      [95, 50_000, 25],
      [105, 50_100, 25],
      [115, 50_200, 25],
    ]);
    const evidence = serverEvidence(rows, { startMs: 100_000, endMs: 120_000 });
    expect(evidence.baseline).toEqual({ requests: 50_025, errors: 25, seconds: 0 });
    const { numbers, verdict } = pair({ kind: 'timeout', place: {}, networksFailing: 3, failingClients: 30, expectedClients: 0 }, evidence);
    expect(verdict).toBe('outside');
    expect(numbers).toMatchObject({ server_error_share: 0, server_error_share_before: 25 / 50_025, request_dip: null });
    expect(serverEvidence(rows, { startMs: 90_000, endMs: 120_000 }).baseline.requests).toBe(0);
  });

  it('tells latency without any requests, but not one that was measured long ago', () => {
    const gauge = (time: number, value: number) => ({ name: 'latency_s', time, value });
    const rows = [gauge(60, 0.1), gauge(120, 0.1), gauge(300, 30)];
    expect(serverEvidence(rows, { startMs: 290_000, endMs: 310_000 })).toMatchObject({ fresh: true, latencyS: { now: 30, baseline: 0.1 } });
    expect(serverEvidence(rows, { startMs: 290_000, endMs: 400_000 })).toMatchObject({ fresh: false });
    // Requests of long ago are none beside a latency of now.
    const old = rowsOf([[0, 0, 0], [60, 600, 1], [120, 1200, 2], [180, 1800, 300]]); // prettier-ignore
    const both = serverEvidence([...old, ...rows], { startMs: 125_000, endMs: 310_000 });
    expect(both).toMatchObject({ fresh: true, now: { requests: 0, seconds: 0 } });
  });

  it('measures how much the request rate usually wanders', () => {
    const steady = rowsOf(Array.from({ length: 21 }, (_, i) => [i * 60, i * 600, 0] as const));
    expect(serverEvidence(steady, { startMs: 1_250_000, endMs: 1_300_000 }).levelSd).toBeCloseTo(0, 5);
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
    const error = await pullExposition({ project: 'shop', host: 'a', url }, { client, now: () => 1_000_500 });
    await new Promise((resolve) => server.close(resolve));
    return { error, rows };
  };

  it('stores raw counters, each set of labels by itself', async () => {
    const { error, rows } = await insertedBy(TEXT);
    expect(error).toBeNull();
    expect(rows).toContainEqual({
      time: 1000,
      project: 'shop',
      host: 'a',
      name: expect.stringMatching(/^requests\{class="5xx",series="[0-9a-f]{8}",process="[0-9a-f]{8}"\}$/),
      value: 4,
    });
    expect(new Set(rows.map(({ name }) => name)).size).toBe(5);
    expect(new Set(rows.map(({ name }) => readStoredName(name)?.process)).size).toBe(1);
  });

  /** What is counted between two looks at an endpoint that shows these errors by path, among so many other sets of labels. */
  const errorsBetween = async (looks: readonly Readonly<Record<string, number>>[], others = 0): Promise<number> => {
    const rows: ServerMetricRow[] = [];
    const client = {
      insert: (o: { values: ServerMetricRow[] }) => Promise.resolve(void rows.push(...o.values)),
    } as unknown as ClickHouseClient;
    const memory = {};
    for (const [i, look] of looks.entries()) {
      const errors = Object.entries(look).map(([path, value]) => `http_requests_total{status="500",path="${path}"} ${String(value)}`);
      const rest = Array.from({ length: others }, (_, n) => `http_requests_total{status="200",path="${String(n)}"} 5`);
      const body = `${[...errors, ...rest].join('\n')}\n`;
      const source = { project: 'shop', host: 'a', url: 'http://127.0.0.1:9/metrics' };
      const fetchFn = () => Promise.resolve(new Response(body));
      expect(await pullExposition(source, { client, now: () => 1_000_000 + i * 10_000, fetchFn }, memory)).toBeNull();
    }
    const sorted = [...rows].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.time - b.time));
    return increments(sorted).reduce((sum, { errors }) => sum + errors, 0);
  };

  it('counts no errors when a set of labels vanishes, and those since a restart, when all fall', async () => {
    const vanishing = [{ a: 149_000, b: 1_000 }, { a: 149_005, b: 1_005 }, { a: 149_010 }, { a: 149_020 }];
    expect(await errorsBetween(vanishing)).toBe(5 + 5 + 5 + 10);
    expect(await errorsBetween([{ a: 500, b: 70 }, { a: 3, b: 4 }, { a: 5 }])).toBe(7 + 2);
  });

  it('sums what has too many sets of labels, where a fall counts as nothing', async () => {
    const looks = [{ a: 149_000, b: 1_000 }, { a: 149_005, b: 1_005 }, { a: 149_010 }, { a: 149_020 }];
    expect(await errorsBetween(looks, MOST_SETS)).toBe(10 + 10);
    // Once summed it stays so: what both told would be counted twice.
    const many = Object.fromEntries(Array.from({ length: MOST_SETS + 1 }, (_, i) => [String(i), 10]));
    expect(await errorsBetween([{ a: 10 }, { a: 20 }, { ...many, a: 30 }, { a: 40, b: 1_000 }, { a: 50, b: 1_000 }])).toBe(10 + 10);
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
    expect(await pullExposition(source('/endless'), { client })).toContain('4 MiB');
    expect(await pullExposition(source('/silent'), { client, timeoutMs: 50 })).toContain('timeout');
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
    const nobody = await pullExposition(
      { project: 'shop', host: 'a', url: 'http://127.0.0.1:9/metrics' },
      { client: {} as ClickHouseClient },
    );
    expect(nobody).toMatch(/fetch failed/);
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/metrics`;
    await new Promise((resolve) => closed.close(resolve));
    expect(await pullExposition({ project: 'shop', host: 'a', url }, { client: {} as ClickHouseClient })).toContain('ECONNREFUSED');
  });
});

describe('evidence of pushed and asked series', () => {
  it('adds what two servers count at different moments, and does not count the time twice', () => {
    const rows = ['a', 'b'].flatMap((server, offset) =>
      [0, 60, 120, 180, 240, 300, 360].map((time) => ({
        name: storedName('requests', '2xx', server),
        time: time + offset * 7,
        value: time * 10,
      })),
    );
    const evidence = serverEvidence(rows, { startMs: 250_000, endMs: 370_000 });
    expect(evidence.now.requests).toBe(4 * 600);
    expect(evidence.now.seconds).toBe(60 + 67);
  });

  it('reads rates over the time between samples, but not over a gap', () => {
    const rows = [0, 15, 30, 600, 615].map((time) => ({ name: storedName('requests_per_s', '5xx'), time, value: 2 }));
    const evidence = serverEvidence(rows, { startMs: 590_000, endMs: 620_000 });
    expect(evidence.now).toEqual({ requests: 240 + 30, errors: 240 + 30, seconds: 120 + 15 });
  });

  it('takes increments as they are, and latency and saturation inside against before', () => {
    const rows = [
      ...[0, 60, 120, 180, 300].map((time) => ({ name: storedName('requests_added', '2xx'), time, value: 50 })),
      { name: 'latency_s', time: 60, value: 0.2 },
      { name: 'latency_s', time: 300, value: 0.9 },
    ];
    const evidence = serverEvidence(rows, { startMs: 290_000, endMs: 310_000 });
    expect(evidence.now.requests).toBe(50);
    expect(evidence.latencyS).toEqual({ now: 0.9, baseline: 0.2 });
    expect(evidence.saturation).toBeUndefined();
  });
});
