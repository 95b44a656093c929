import { describe, expect, it } from 'vitest';
import { readOtlp } from '../../../analyzer/src/server-metrics/otlp.js';
import { sortPushed } from '../../../analyzer/src/server-metrics/pushed.js';
import { MetricsPusher } from '../../../cli/src/simulator/push-metrics.js';

const NOW = 1_800_000_000;
const HOST = 'api1.shop.example';
const counted = (requests: number, errors: number) =>
  ({ row: 'server', at: 0, arrived: 0, project: 'shop', host: HOST, requests, errors, seconds: 30 }) as const;

describe('what simulated servers counted', () => {
  it('is pushed when it is due, as counters that the analyzer reads under the label of the host', async () => {
    const bodies: string[] = [];
    const fetchFn = ((_url: URL, init: RequestInit) => {
      bodies.push(init.body as string);
      return Promise.resolve(new Response('{}'));
    }) as unknown as typeof fetch;
    const pusher = new MetricsPusher(new URL('http://127.0.0.1:4720'), fetchFn);
    pusher.add(counted(100, 1), NOW - 30);
    pusher.add(counted(50, 2), NOW);
    await pusher.flush(NOW * 1000 - 1, 3);
    expect(bodies).toHaveLength(0);
    await pusher.flush(NOW * 1000 - 1);
    await pusher.flush(NOW * 1000);
    const pushed = bodies.flatMap((body) => readOtlp(Buffer.from(body), 'application/json'));
    const source = { project: 'shop', host: HOST, push: { labels: { host: HOST } } };
    const { rows, foreign, refused } = sortPushed(pushed, [source], NOW * 1000);
    expect({ foreign, refused }).toEqual({ foreign: 0, refused: 0 });
    const values = rows.map(({ time, name, value }) => [time - NOW, /class="(...)"/.exec(name)?.[1], value]);
    expect(values).toEqual([
      [-30, '2xx', 99],
      [-30, '5xx', 1],
      [0, '2xx', 147],
      [0, '5xx', 3],
    ]);
    expect(pusher.count).toEqual({ pushed: 4, problems: {} });
  });

  it('that nobody takes is counted by code, and holds up nothing', async () => {
    const answers = [
      () => Promise.reject(new TypeError('fetch failed')),
      () => Promise.resolve(Response.json({ code: 'x' }, { status: 400 })),
    ];
    const pusher = new MetricsPusher(new URL('http://127.0.0.1:4720'), (() => answers.shift()?.()) as unknown as typeof fetch);
    for (let i = 0; i < 2; i++) {
      pusher.add(counted(1, 0), NOW);
      await pusher.flush(Infinity);
    }
    expect(pusher.count).toEqual({ pushed: 0, problems: { no_answer: 1, x: 1 } });
  });
});
