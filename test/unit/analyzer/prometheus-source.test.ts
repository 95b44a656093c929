/** A Prometheus as a source: what is asked of it, stored and said. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { probersOf } from '../../../analyzer/src/server-metrics/prober-evidence.js';
import { pullPrometheus } from '../../../analyzer/src/server-metrics/pull-prometheus.js';
import { isProber, proberName, readSliceName, sliceName } from '../../../analyzer/src/server-metrics/stored-name.js';

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
