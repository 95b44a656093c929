/** What is read of one endpoint by several analyzers, each stamping it by its own clock. */
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient, ServerMetricRow } from '@outcry/storage';
import { pair } from '../../../analyzer/src/pair/pair.js';
import { MOST_SETS, pullExposition } from '../../../analyzer/src/server-metrics/pull-exposition.js';
import type { ExpositionMemory } from '../../../analyzer/src/server-metrics/pull-exposition.js';
import { serverEvidence } from '../../../analyzer/src/server-metrics/server-evidence.js';
import { increments } from '../../../analyzer/src/server-metrics/steps.js';

/** An analyzer that reads every 10 s from `fromS` to `toS`, true time, and stamps by a clock that is `aheadS` ahead. */
interface Reader {
  readonly reader: string;
  readonly aheadS: number;
  readonly fromS: number;
  readonly toS: number;
}
const MINUTES_S = 1_200;
const reader = (name: string, extra: Partial<Reader> = {}): Reader => ({ reader: name, aheadS: 0, fromS: 0, toS: MINUTES_S, ...extra });
/** A healthy server: ten requests a second, and an error now and then. */
const served = (time: number): string =>
  `http_requests_total{status="200"} ${1e6 + time * 10 - Math.floor(time / 200)}\nhttp_requests_total{status="503"} ${Math.floor(time / 200)}\n`;

/** What storage then holds of the host, by name and time. */
async function storedBy(readers: readonly Reader[], textAt = served): Promise<ServerMetricRow[]> {
  const rows: ServerMetricRow[] = [];
  const client = {
    insert: ({ values }: { values: ServerMetricRow[] }) => Promise.resolve(void rows.push(...values)),
  } as unknown as ClickHouseClient;
  const source = { project: 'shop', host: 'a', url: 'http://a/metrics' };
  for (const { reader, aheadS, fromS, toS } of readers) {
    const memory: ExpositionMemory = {};
    for (let time = fromS; time <= toS; time += 10) {
      const fetchFn = () => Promise.resolve(new Response(textAt(time)));
      expect(await pullExposition(source, { client, reader, fetchFn, now: () => (time + aheadS) * 1000 }, memory)).toBeNull();
    }
  }
  return rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.time - b.time));
}
const requestsIn = (rows: readonly ServerMetricRow[], fromS: number, toS: number): number =>
  increments(rows)
    .filter(({ atMs }) => atMs > fromS * 1000 && atMs <= toS * 1000)
    .reduce((sum, { requests }) => sum + requests, 0);

const SKEWS_S = [-60, -20, 3, 10, 20];

describe('an endpoint that two analyzers read', () => {
  it('is counted once, however far their clocks are apart', async () => {
    for (const aheadS of SKEWS_S) {
      const requests = requestsIn(await storedBy([reader('a'), reader('b', { aheadS, fromS: 4 })]), 300, 900);
      expect(requests).toBeGreaterThanOrEqual(6_000 - 10 * Math.max(20, Math.abs(aheadS)));
      expect(requests).toBeLessThanOrEqual(6_000);
    }
  });

  it('says that it is healthy while clients fail elsewhere', async () => {
    const spike = { kind: 'tcp', place: {}, networksFailing: 3, failingClients: 30, expectedClients: 0 };
    // Three errors in five minutes, after none.
    const textAt = (time: number): string =>
      `http_requests_total{status="200"} ${5_000 + time}\nhttp_requests_total{status="503"} ${Math.max(0, Math.floor((time - 850) / 100))}\n`;
    for (const aheadS of SKEWS_S) {
      const rows = await storedBy([reader('a'), reader('b', { aheadS, fromS: 4 })], textAt);
      expect(pair(spike, serverEvidence(rows, { startMs: 900_000, endMs: 1_200_000 })).verdict).toBe('outside');
    }
  });

  it('is counted on when either analyzer is gone, and when one comes back', async () => {
    const [gone, back] = [{ toS: 600 }, { fromS: 700 }];
    for (const aheadS of SKEWS_S) {
      for (const readers of [
        [reader('a', gone), reader('b', { aheadS, fromS: 4 })],
        [reader('a'), reader('b', { aheadS, fromS: 4, ...gone })],
        [reader('a', gone), reader('b', { aheadS, fromS: 4 }), reader('c', back)],
      ]) {
        const requests = requestsIn(await storedBy(readers), 300, 900);
        expect(Math.abs(requests - 6_000)).toBeLessThanOrEqual(10 * (20 + Math.abs(aheadS)));
      }
    }
  });

  it('is counted on by an analyzer that was started anew, but for what came in between', async () => {
    const rows = await storedBy([reader('z', { toS: 600 }), reader('a', { fromS: 625 })]);
    expect(requestsIn(rows, 300, 900)).toBe(6_000 - 250 - 50);
    const evidence = serverEvidence(rows, { startMs: 640_000, endMs: 900_000 });
    expect(evidence).toMatchObject({ fresh: true, baseline: { requests: 5_800 } });
  });

  it('is the baseline once, where what it held at first sight is all that is known', async () => {
    const rows = await storedBy([reader('a'), reader('b')]);
    expect(serverEvidence(rows, { startMs: 5_000, endMs: 60_000 })?.baseline).toEqual({ requests: 1e6, errors: 0, seconds: 0 });
  });

  it('is counted once where one of them met too many sets of labels and stores sums, and the other came later', async () => {
    const many = (time: number): string =>
      served(time) +
      Array.from({ length: time < 200 ? MOST_SETS : 1 }, (_, i) => `http_requests_total{status="200",p="${i}"} 5\n`).join('');
    const rows = await storedBy([reader('a'), reader('b', { fromS: 304 })], many);
    expect(requestsIn(rows, 400, 900)).toBe(5_000);
  });

  it('was stored by an earlier version without a name of who read it, and is counted on', async () => {
    const before = (await storedBy([reader('a', { toS: 600 })])).map((row) => ({ ...row, name: row.name.replace(/,reader="\w+"/, '') }));
    const rows = [...before, ...(await storedBy([reader('a', { fromS: 600 })]))];
    expect(requestsIn(rows, 300, 900)).toBe(6_000);
  });
});
