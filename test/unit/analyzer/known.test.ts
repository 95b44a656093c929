/** What the loop learns of the servers' requests, round after round, from samples that come at different moments and delays. */
import { describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@outcry/storage';
import { allServerCounters } from '../../../analyzer/src/queries/all-server-counters.js';
import { attemptsPerBin } from '../../../analyzer/src/queries/attempts-per-bin.js';
import { clientsPerBin } from '../../../analyzer/src/queries/clients-per-bin.js';
import { firstHeard } from '../../../analyzer/src/queries/first-heard.js';
import { storedName } from '../../../analyzer/src/server-metrics/stored-name.js';
import { Known } from '../../../analyzer/src/watch/known.js';
import { runRound } from '../../../analyzer/src/watch/round.js';
import type { WatchDeps } from '../../../analyzer/src/watch/settings.js';
import { subjectOf } from '../../../analyzer/src/watch/build-series.js';

const T = Date.UTC(2026, 0, 5) / 1000;
const HOUR = 3_600;

/** A counter that rises by `perSecond`, sampled every `everyS` from `firstS` on, each known `lateS` after. */
interface Counter {
  readonly host: string;
  readonly name: string;
  readonly perSecond: (time: number) => number;
  readonly everyS: number;
  readonly firstS: number;
  readonly lateS: number;
  readonly lastS?: number;
}
const counter = (host: string, instance: string, extra: Partial<Counter> = {}): Counter => ({
  host,
  name: storedName('requests', '2xx', instance, instance),
  perSecond: () => 50,
  everyS: 10,
  firstS: T,
  lateS: 0,
  ...extra,
});

/** Storage at one moment: what has been sampled and has come by then, and what answers other questions. */
function storing(counters: readonly Counter[], nowS: () => number, others: Record<string, unknown[]> = {}): ClickHouseClient {
  const samples = counters.flatMap(({ host, name, perSecond, everyS, firstS, lateS, lastS = Infinity }) => {
    let value = 1e6;
    return Array.from({ length: Math.ceil((2 * HOUR) / everyS) }, (_, i) => {
      const time = firstS + i * everyS;
      value += perSecond(time) * everyS;
      return { project: 'shop', host, name, time, value, known: time + lateS };
    }).filter(({ time }) => time <= lastS);
  });
  samples.sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.name < b.name ? -1 : a.name > b.name ? 1 : a.time - b.time));
  const answer = (query: string, p: { from: number; to: number }): unknown[] =>
    query === allServerCounters.sql
      ? samples.filter(({ time, known }) => time >= p.from && time < p.to && known <= nowS())
      : (others[query] ?? []);
  return {
    command: () => Promise.resolve(),
    insert: () => Promise.resolve(),
    query: ({ query, query_params: params }: { query: string; query_params: { from: number; to: number } }) =>
      Promise.resolve({ json: () => Promise.resolve(answer(query, params)) }),
  } as unknown as ClickHouseClient;
}

const projects: WatchDeps['projects'] = { shop: { hosts: ['a', 'b'], stage: 'production' } };

/** What is known after rounds of `roundS` from the first sample on, of an hour. */
async function learnt(counters: readonly Counter[], roundS = 5, untilS = T + HOUR): Promise<Known> {
  let nowS = T;
  const deps: WatchDeps = { client: storing(counters, () => nowS), projects, serverMetrics: [], now: () => nowS * 1000 };
  const known = new Known();
  for (; nowS <= untilS; nowS += roundS) await known.refresh(deps);
  return known;
}
const rateOf = (known: Known, host: string, fromS: number, toS: number): number =>
  known.loads.perSecond('shop', host, fromS * 1000, toS * 1000) ?? NaN;
/** The load as the loop takes it, in the last minute before `nowS`. */
const latest = (known: Known, host: string, nowS: number): number[] =>
  known.loads.exposure('shop', host, (nowS - 60) * 1000, 10_000, 6, nowS * 1000) ?? [];

describe('the requests of servers', () => {
  it('are learnt of each host, however far the samples of another are ahead', async () => {
    for (const lateS of [0, 2, 6, 9, 12, 60, 100]) {
      const known = await learnt([counter('a', 'x'), counter('b', 'y', { everyS: 15, firstS: T + 3, lateS })]);
      expect(rateOf(known, 'a', T + 300, T + 3_000)).toBeCloseTo(50, 6);
      expect(rateOf(known, 'b', T + 300, T + 3_000)).toBeCloseTo(50, 6);
    }
  });

  it('are learnt where they are sampled once a minute, or more seldom than samples are read again', async () => {
    for (const everyS of [60, 300]) {
      const known = await learnt([counter('a', 'x'), counter('b', 'y', { everyS, firstS: T + 30, lateS: 4 })]);
      expect(rateOf(known, 'b', T + 600, T + 3_000)).toBeCloseTo(50, 6);
    }
  });

  it('are the sum of what all instances and sources of a host count, at whichever seconds they are sampled', async () => {
    for (const other of [{}, { firstS: T + 3 }, { firstS: T + 7, everyS: 15 }, { firstS: T + 7, everyS: 60, lateS: 9 }]) {
      const known = await learnt([counter('a', 'x'), counter('a', 'y', other)]);
      expect(rateOf(known, 'a', T + 300, T + 3_000)).toBeCloseTo(100, 6);
    }
  });

  it('do not seem to fall in the last minute, where an instance has not told of it yet, and are seen to rise by those that have', async () => {
    const crowdS = T + HOUR - 25;
    const until = T + HOUR;
    const late = { everyS: 60, firstS: T + 40, lateS: 5 };
    const steady = await learnt([counter('a', 'x'), counter('a', 'y', late)], 5, until);
    for (const load of latest(steady, 'a', until)) expect(load).toBeCloseTo(100, 6);
    const perSecond = (time: number): number => (time > crowdS ? 250 : 50);
    const crowd = await learnt([counter('a', 'x', { perSecond }), counter('a', 'y', { ...late, perSecond })], 5, until);
    expect(latest(crowd, 'a', until).at(-1)).toBeGreaterThan(150);
  });

  it('are waited for two minutes only, so that an instance that is gone counts no more', async () => {
    const counters = [counter('a', 'x'), counter('a', 'y', { lastS: T + 1_800 })];
    const soon = T + 1_800 + 180;
    for (const load of latest(await learnt(counters, 5, soon), 'a', soon)) expect(load).toBeCloseTo(50, 6);
    const later = await learnt(counters);
    expect(rateOf(later, 'a', T + 300, T + 1_500)).toBeCloseTo(100, 6);
    expect(rateOf(later, 'a', T + 2_100, T + 3_300)).toBeCloseTo(50, 6);
  });

  it('are learnt once where two analyzers read a server by clocks of their own, and go on where either is gone', async () => {
    const read = (reader: string, extra: Partial<Counter>) =>
      counter('a', 'x', { name: storedName('requests', '2xx', undefined, 'x', reader), ...extra });
    const gone = { lastS: T + 1_800 };
    for (const firstS of [T - 12, T + 4]) {
      for (const [one, other] of [
        [{}, { firstS }],
        [gone, { firstS }],
        [{}, { firstS, ...gone }],
      ] as const) {
        const known = await learnt([read('1', one), read('2', other)], 15);
        expect(rateOf(known, 'a', T + 300, T + 1_500)).toBeCloseTo(50, 6);
        expect(rateOf(known, 'a', T + 2_100, T + 3_300)).toBeCloseTo(50, 6);
        for (const load of latest(known, 'a', T + HOUR)) expect(load).toBeCloseTo(50, 6);
      }
      // Whose copy was followed is not waited for once the other's is.
      const after = T + 1_800 + 60;
      const followed = await learnt([read('1', gone), read('2', { firstS })], 5, after);
      for (const load of latest(followed, 'a', after)) expect(load).toBeCloseTo(50, 6);
    }
  });

  it('that a counter held at its first sample count where the server had been sampled without it', async () => {
    const errors = counter('a', 'x', { name: storedName('requests', '5xx', 'e', 'x'), firstS: T + 1_800, perSecond: () => 0 });
    const known = await learnt([counter('a', 'x'), errors]);
    // A million in ten seconds, once.
    expect(rateOf(known, 'a', T + 1_500, T + 2_100)).toBeCloseTo(50 + 1e6 / 600, 6);
    expect(rateOf(known, 'a', T + 2_100, T + 3_300)).toBeCloseTo(50, 6);
  });
});

describe('what a page asks of an old stretch', () => {
  it('leaves the load of the next rounds as it was', async () => {
    let nowS = T + 20 * HOUR + 3;
    const others = {
      [attemptsPerBin.sql]: Array.from({ length: 20 * 12 }, (_, i) => ({
        project: 'shop',
        host: 'a',
        bin: T + i * 300,
        made: i < 60 ? 300 : 30_000,
        failed: 0,
      })),
      [clientsPerBin.sql]: [{ project: 'shop', host: 'a', kind: 'dns', bin: T + 20 * HOUR - 600, clients: 1 }],
      [firstHeard.sql]: [{ project: 'shop', first: T }],
    };
    const deps: WatchDeps = { client: storing([], () => nowS, others), projects, serverMetrics: [], now: () => nowS * 1000 };
    const known = new Known();
    const round = async () => {
      const { wholes, knows } = await runRound(deps, known);
      return { load: wholes.get(subjectOf({ project: 'shop', host: 'a', kind: 'dns' }))?.series.exposure ?? [], knows };
    };
    const { load, knows } = await round();
    expect(new Set(load)).toEqual(new Set([100]));
    const of = { project: 'shop', host: 'a', kind: 'dns', where: {} };
    const old = () => knows.exposure?.(of, (T + 2 * HOUR) * 1000, 10_000, 3);
    expect(old()).toEqual([1, 1, 1]);
    // It is no memory of the loop that answers.
    known.loads.setAttempts('shop', 'a', T + 2 * HOUR, 600);
    expect(old()).toEqual([2, 2, 2]);
    nowS += 5;
    expect((await round()).load).toEqual(load);
  });
});
