import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { MOST_SETS, pullExposition } from '../../../analyzer/src/server-metrics/pull-exposition.js';
import { probersOf } from '../../../analyzer/src/server-metrics/prober-evidence.js';
import { pullPrometheus } from '../../../analyzer/src/server-metrics/pull-prometheus.js';
import { readExposition, summed } from '../../../analyzer/src/server-metrics/read-exposition.js';
import type { ExposedCounter } from '../../../analyzer/src/server-metrics/read-exposition.js';
import { serverEvidence } from '../../../analyzer/src/server-metrics/server-evidence.js';
import { increments } from '../../../analyzer/src/server-metrics/steps.js';
import {
  isProber,
  proberName,
  readSliceName,
  readStoredName,
  sliceName,
  storedName,
} from '../../../analyzer/src/server-metrics/stored-name.js';

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

describe('a Prometheus', () => {
  const AT = 1_800_000_000;
  const series = (metric: object, ...values: [number, string][]) => ({ metric, values });
  /** What is stored and said when each query is answered so. */
  const asked = async (answers: Record<string, unknown>, more: object = {}) => {
    const server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        const result = answers[new URLSearchParams(text).get('query') ?? ''] ?? [];
        response.end(typeof result === 'string' ? result : JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const rows: ServerMetricRow[] = [];
    const client = {
      insert: (o: { values: ServerMetricRow[] }) => Promise.resolve(void rows.push(...o.values)),
    } as unknown as ClickHouseClient;
    const prometheusUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const source = { project: 'shop', host: 'a', prometheusUrl, requestsQuery: 'r', ...more };
    const error = await pullPrometheus(source, { client, now: () => AT * 1000 }, {});
    await new Promise((resolve) => server.close(resolve));
    return { error, rows: rows.map(({ name, time, value }) => ({ name, time: time - AT, value })) };
  };

  it('gives the results of probers, each a series of its own, and is asked for nothing else where that is all', async () => {
    const answers = { p: [series({ instance: 'ber' }, [AT - 15, '1'], [AT, '0']), series({ instance: 'nyc' }, [AT, '1'])] };
    const { error, rows } = await asked(answers, { proberQuery: 'p', requestsQuery: undefined });
    expect(error).toBeNull();
    expect(rows.map(({ name, value }) => [isProber(name), value])).toEqual([
      [true, 1],
      [true, 0],
      [true, 1],
    ]);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(2);
    expect((await asked({ r: [series({ status: '200' }, [AT, '1'])] }, { proberQuery: 'p' })).error).toBe(
      'the query of probers gave no series',
    );
  });

  it('gives all requests by country and release once in five minutes, and is told where the labels are missing', async () => {
    const grid = Math.floor(AT / 300) * 300;
    const answers = {
      r: [series({ status: '200' }, [AT, '1'])],
      s: [
        series({ country: 'DE', release: '4.2.1' }, [grid - 3_600, '3'], [grid, '4']),
        series({ country: 'Atlantis', release: '1' }, [grid, '9']),
      ],
    };
    const { error, rows } = await asked(answers, { slicesQuery: 's' });
    expect(error).toBeNull();
    expect(rows.filter(({ name }) => readSliceName(name) !== undefined)).toEqual([
      { name: sliceName('DE', '4.2.1'), time: grid - 3_600 - AT, value: 3 },
      { name: sliceName('DE', '4.2.1'), time: grid - AT, value: 4 },
    ]);
    const unnamed = await asked({ ...answers, s: [series({ job: 'api' }, [grid, '9'])] }, { slicesQuery: 's' });
    expect(unnamed.error).toBe('the Prometheus answered requests by country and release without these labels');
  });

  it('that answers of another time, or with values that cannot be, is named; what can be is kept', async () => {
    const lies = {
      r: [series({ status: '200' }, [AT - 90_000, '5'], [AT + 3_600, '5'], [AT - 30, '-2'], [AT - 15, 'NaN'], [AT, '7'])],
      s: [series({}, [AT - 15, '97'], [AT, '0.5'])],
    };
    const { error, rows } = await asked(lies, { saturationQuery: 's' });
    expect(error).toBe('the Prometheus answered requests_per_s of another time than was asked for, requests_per_s of -2, saturation of 97');
    expect(rows.map(({ time, value }) => [time, value])).toEqual([
      [0, 7],
      [0, 0.5],
    ]);
  });

  it('stores the requests whatever the other queries give, and tells what is wrong with each', async () => {
    const r = [series({ status: '200' }, [AT, '7'])];
    const refused = '{"status":"error","errorType":"bad_data","error":"secret"}';
    const two = [series({ a: '1' }, [AT, '1']), series({ a: '2' }, [AT, '2'])];
    const queries = { latencyQuery: 'l', saturationQuery: 's', proberQuery: 'p', slicesQuery: 'c', deploysQuery: 'd' };
    const all = await asked({ r, l: two, s: refused, p: 'x'.repeat(5 * 1024 * 1024), c: refused, d: refused }, queries);
    expect(all.rows.map(({ value }) => value)).toEqual([7]);
    expect(all.error).toBe(
      [
        'slice_requests_per_s: the Prometheus refused a query (bad_data)',
        'the query of latency_s gave more than one series',
        'saturation: the Prometheus refused a query (bad_data)',
        'probe_success: the Prometheus answered more than 4 MiB',
        'deploys: the Prometheus refused a query (bad_data)',
      ].join('; '),
    );
    const latency = await asked({ r: refused, l: [series({}, [AT, '0.2'])] }, { latencyQuery: 'l' });
    expect(latency).toMatchObject({ error: 'the Prometheus refused a query (bad_data)', rows: [{ name: 'latency_s', value: 0.2 }] });
  });

  it('is asked again for what a query could not give before', async () => {
    const froms: [string, number][] = [];
    let isAway = true;
    const fetchFn: typeof fetch = (_url, init) => {
      const body = init?.body as URLSearchParams;
      const query = body.get('query') ?? '';
      froms.push([query, Number(body.get('start')) - AT]);
      if (query === 'l' && isAway) return Promise.resolve(Response.json({ status: 'error', errorType: 'timeout' }));
      return Promise.resolve(Response.json({ status: 'success', data: { resultType: 'matrix', result: [] } }));
    };
    const source = { project: 'shop', host: 'a', prometheusUrl: 'http://127.0.0.1:9', requestsQuery: 'r', latencyQuery: 'l' };
    const memory = {};
    for (const minute of [0, 10]) {
      await pullPrometheus(source, { client: {} as ClickHouseClient, now: () => (AT + 60 * minute) * 1000, fetchFn }, memory);
      isAway = false;
    }
    expect(froms).toEqual([['r', -3_600], ['l', -3_600], ['r', -120], ['l', -3_000]]); // prettier-ignore
  });

  it('that answers with something else is named in plain words without its text', async () => {
    expect((await asked({ r: '<html>secret</html>' })).error).toBe('the Prometheus answered 200 and no JSON');
    expect((await asked({ r: '{"status":"success","data":{"resultType":"vector","result":[]}}' })).error).toContain('else than a matrix');
    expect((await asked({ r: '{"status":"error","errorType":"bad_data","error":"secret"}' })).error).toBe(
      'the Prometheus refused a query (bad_data)',
    );
    expect((await asked({})).error).toBe('the query of requests gave no series');
  });
});

describe('probers', () => {
  const row = (prober: string, time: number, value: number) => ({ name: proberName(prober), time, value });

  it('fail when they succeed in less than half of the spike, beside the time before it', () => {
    const rows = [
      ...[0, 15, 30, 45].map((time) => row('a', time, 1)),
      ...[0, 15, 30, 45].map((time) => row('b', time, 0)),
      ...[115, 130, 145].map((time) => row('a', time, time > 120 ? 0 : 1)),
      ...[115, 130, 145].map((time) => row('c', time, 1)),
      { name: 'latency_s', time: 130, value: 0 },
    ];
    expect(probersOf(rows, { startMs: 110_000, endMs: 150_000 })).toEqual({ now: 2, failing: 1, baseline: 2, baselineFailing: 1 });
    expect(probersOf([], { startMs: 0, endMs: 1 })).toEqual({ now: 0, failing: 0, baseline: 0, baselineFailing: 0 });
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
