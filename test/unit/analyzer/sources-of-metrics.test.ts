/** What is said of sources of server metrics that are silent, half broken, or tell no errors. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@outcry/storage';
import { awaitPush, type PushMemory } from '../../../analyzer/src/server-metrics/await-push.js';
import { pullExposition } from '../../../analyzer/src/server-metrics/pull-exposition.js';
import { pullPrometheus } from '../../../analyzer/src/server-metrics/pull-prometheus.js';
import { NO_STATUS } from '../../../analyzer/src/server-metrics/stored-name.js';
import { Unread } from '../../../analyzer/src/server-metrics/unread.js';

const HOST = { project: 'shop', host: 'api.shop.example' };
const MINUTE = 60_000;

describe('several sources of one host', () => {
  it('are told apart: one that is well hides none that is not', () => {
    const unread = new Unread();
    const servers = { ...HOST, url: 'http://127.0.0.1:9100/metrics' };
    const probers = { ...HOST, prometheusUrl: 'http://127.0.0.1:9090' };
    expect(unread.note(probers, 'ECONNREFUSED')).toBe(true);
    expect(unread.note(servers, null)).toBe(false);
    expect(unread.byHost()).toEqual(new Map([['shop api.shop.example', 'ECONNREFUSED']]));
    expect(unread.note(servers, 'the endpoint answered 500')).toBe(true);
    // Said once, as long as it stays the same.
    expect(unread.note(servers, 'the endpoint answered 500')).toBe(false);
    expect(unread.byHost().get('shop api.shop.example')).toBe('ECONNREFUSED; the endpoint answered 500');
    unread.note(probers, null);
    unread.note(servers, null);
    expect(unread.byHost().size).toBe(0);
  });
});

describe('two sources of the same sort', () => {
  it('of one host are stored under names of their own, so that neither counter reads as a reset of the other', async () => {
    const names: string[] = [];
    const client = {
      insert: (o: { values: { name: string }[] }) => Promise.resolve(void names.push(...o.values.map(({ name }) => name))),
    } as unknown as ClickHouseClient;
    const exposition = (): Promise<Response> => Promise.resolve(new Response('http_requests_total{status="200"} 7\n'));
    for (const url of ['http://10.0.0.1/metrics', 'http://10.0.0.2/metrics'])
      expect(await pullExposition({ ...HOST, url }, { client, fetchFn: exposition })).toBeNull();
    const nowS = 1_800_000_000;
    const result = [{ metric: { status: '200' }, values: [[nowS, '1']] }];
    const matrix = (): Promise<Response> => Promise.resolve(Response.json({ status: 'success', data: { resultType: 'matrix', result } }));
    for (const prometheusUrl of ['http://10.0.0.3', 'http://10.0.0.4'])
      expect(await pullPrometheus({ ...HOST, prometheusUrl }, { client, now: () => nowS * 1000, fetchFn: matrix }, {})).toBeNull();
    expect(new Set(names).size).toBe(4);
  });
});

describe('a source that is pushed', () => {
  const source = { ...HOST, push: { labels: {} } };
  const storing = (answer: () => number): { client: ClickHouseClient; asked: { n: number } } => {
    const asked = { n: 0 };
    const client = {
      query: () => {
        asked.n++;
        const last = answer();
        return last < 0 ? Promise.reject(new Error('storage is away')) : Promise.resolve({ json: () => Promise.resolve([{ last }]) });
      },
    } as unknown as ClickHouseClient;
    return { client, asked };
  };

  it('is named once nothing has come for five minutes, and no more when something comes', async () => {
    let last = 0;
    let nowMs = 1_800_000_000_000;
    const { client, asked } = storing(() => last);
    const memory: PushMemory = {};
    const look = (): Promise<string | null> => awaitPush(source, { client, now: () => nowMs }, memory);
    expect(await look()).toBeNull();
    nowMs += 4 * MINUTE;
    expect(await look()).toBeNull();
    // An exporter may need its time after a start: storage is not even asked.
    expect(asked.n).toBe(0);
    nowMs += 2 * MINUTE;
    expect(await look()).toMatch(/^nothing .*pushed in the last 5 minutes$/);
    nowMs += 10_000;
    expect(await look()).toMatch(/pushed/);
    expect(asked.n).toBe(1);
    last = nowMs / 1000;
    nowMs += MINUTE;
    expect(await look()).toBeNull();
  });

  it('never ends the loop while storage is away', async () => {
    const { client } = storing(() => -1);
    expect(await awaitPush(source, { client, now: () => 10 * MINUTE }, { sinceMs: 0 })).toBe('storage is away');
  });
});

describe('requests without a status', () => {
  const serving = async (text: string): Promise<{ url: string; close: () => void }> => {
    const server = createServer((_request, response) => response.end(text)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
  };
  const stored: object[] = [];
  const client = {
    insert: (o: { values: object[] }) => Promise.resolve(void stored.push(...o.values)),
  } as unknown as ClickHouseClient;

  it('are stored and named, for their errors would read as none', async () => {
    const exposition = await serving('http_requests_total{method="GET"} 7\n');
    expect(await pullExposition({ ...HOST, url: exposition.url }, { client })).toBe(NO_STATUS);
    exposition.close();
    const nowS = 1_800_000_000;
    const matrix = (metric: object): string =>
      JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric, values: [[nowS, '7']] }] } });
    const asked = async (metric: object): Promise<string | null> => {
      const prometheus = await serving(matrix(metric));
      const said = await pullPrometheus({ ...HOST, prometheusUrl: prometheus.url }, { client, now: () => nowS * 1000 }, {});
      prometheus.close();
      return said;
    };
    expect(await asked({})).toBe(NO_STATUS);
    expect(await asked({ status: '200' })).toBeNull();
    expect(stored).toHaveLength(3);
  });
});
