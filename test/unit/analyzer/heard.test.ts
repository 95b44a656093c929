/** A host that joins a project that is long known is judged by what it has shown, not by hours in which it was not there. */
import { describe, expect, it } from 'vitest';
import { backtest } from '../../../analyzer/src/backtest/backtest.js';
import type { BacktestSpike } from '../../../analyzer/src/backtest/backtest.js';
import type { AttemptsRow, FailuresRow, HistoryRow } from '../../../analyzer/src/backtest/rows.js';
import { attemptsPerBin } from '../../../analyzer/src/queries/attempts-per-bin.js';
import { clientsPerHour } from '../../../analyzer/src/queries/clients-per-hour.js';
import { Heard } from '../../../analyzer/src/watch/heard.js';
import { History } from '../../../analyzer/src/watch/history.js';
import { Known } from '../../../analyzer/src/watch/known.js';
import type { WatchDeps } from '../../../analyzer/src/watch/settings.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 0, 5, 14, 5);

describe('since when a host is heard of', () => {
  const withRequests = (): Heard => {
    const heard = new Heard();
    heard.note('shop', 'old', 'requests', NOW - 20 * HOUR);
    heard.note('shop', 'old', 'failures', NOW - 10 * HOUR);
    return heard;
  };

  it('is its first request or failure, where clients tell of requests', () => {
    const heard = withRequests();
    heard.note('shop', 'new', 'requests', NOW - 5 * MINUTE);
    heard.note('shop', 'new', 'requests', NOW - 10 * MINUTE);
    heard.note('shop', 'new', 'failures', NOW - 12 * MINUTE);
    expect([heard.sinceMs('shop', 'old', NOW), heard.sinceMs('shop', 'new', NOW)]).toEqual([NOW - 20 * HOUR, NOW - 12 * MINUTE]);
    expect(heard.sinceMs('bank', 'old', NOW)).toBeUndefined();
  });

  it('is its first failure for half an hour while nobody tells of its requests, and then that of its project, so that it can be found', () => {
    const heard = withRequests();
    heard.note('shop', 'new', 'failures', NOW);
    expect(heard.sinceMs('shop', 'new', NOW + 29 * MINUTE)).toBe(NOW);
    expect(heard.sinceMs('shop', 'new', NOW + 30 * MINUTE)).toBe(NOW - 20 * HOUR);
    // It failed once within two weeks: it was there.
    heard.noteHour('shop', 'rare', NOW - 100 * HOUR);
    expect(heard.sinceMs('shop', 'rare', NOW)).toBe(NOW - 99 * HOUR - 1);
  });

  it('is that of its project, where the project tells of no requests at all', () => {
    const heard = new Heard();
    heard.note('shop', 'old', 'failures', NOW - 3 * HOUR);
    heard.note('shop', 'quiet', 'failures', NOW);
    expect(heard.sinceMs('shop', 'quiet', NOW)).toBe(NOW - 3 * HOUR);
  });

  it('is never before its project was heard of in the stretch that is looked at', () => {
    const heard = withRequests();
    expect(heard.startMs('shop', 'old', NOW - HOUR, NOW)).toBe(NOW - HOUR);
    expect(heard.startMs('shop', 'old', undefined, NOW)).toBeUndefined();
    heard.note('shop', 'new', 'requests', NOW - MINUTE);
    expect(heard.startMs('shop', 'new', NOW - HOUR, NOW)).toBe(NOW - MINUTE);
  });
});

describe('the history of a host', () => {
  it('begins when the host was heard of, and is none before it is a day long', () => {
    const history = new History();
    history.setFailures({ project: 'shop', host: 'old', kind: 'dns' }, (NOW - 100 * HOUR) / 1000, 5);
    const of = { project: 'shop', host: 'new', kind: 'dns' };
    expect(history.series(of, NOW)?.failures).toHaveLength(100);
    expect(history.series(of, NOW, NOW - 20 * HOUR)).toBeUndefined();
    expect(history.series(of, NOW, NOW - 30 * HOUR)?.failures).toHaveLength(30);
    // What was said within the same hour is not said again of another start.
    expect(history.series(of, NOW)?.failures).toHaveLength(100);
  });

  it('is known to the loop with its first round, in the first minutes of an hour too', async () => {
    const rows = new Map<string, object[]>([
      [clientsPerHour.sql, [{ project: 'shop', host: 'old', kind: 'dns', bin: Date.UTC(2026, 0, 1) / 1000, clients: 3 }]],
      [attemptsPerBin.sql, [{ project: 'shop', host: 'new', bin: NOW / 1000 - 900, made: 100, failed: 1 }, { project: 'shop', host: 'none', bin: NOW / 1000 - 900, made: 0, failed: 0 }]],
    ]); // prettier-ignore
    const client = { query: ({ query }: { query: string }) => Promise.resolve({ json: () => Promise.resolve(rows.get(query) ?? []) }) };
    const known = new Known();
    const projects = { shop: { hosts: ['old', 'new', 'none'], stage: 'production' } };
    await known.refresh({ client, projects, serverMetrics: [], now: () => NOW } as unknown as WatchDeps);
    expect(known.heard.sinceMs('shop', 'new', NOW)).toBe(NOW - 15 * MINUTE);
    const historyOf = (host: string): number | undefined => known.historyOf({ project: 'shop', host, kind: 'dns' }, NOW)?.failures.length;
    expect([historyOf('old'), historyOf('new')]).toEqual([4 * 24 + 14, undefined]);
    expect(known.heard.sinceMs('shop', 'none', NOW)).toBe(known.heard.sinceMs('shop', 'old', NOW));
  });
});

const FROM = Date.UTC(2026, 0, 5) / 1000;
const JOINED = FROM + 4 * 3_600;
const TO = JOINED + 3_600;
const failure = (host: string, at: number, n: number): FailuresRow => ({
  row: 'failures', at, arrived: at + 4, project: 'shop', host, kind: 'dns', type: 'dns.failed',
  network: `AS${(n % 40) + 1}/DE`, country: 'DE', release: '1', clients: 1, requests: 1,
}); // prettier-ignore
const attempts = (host: string, at: number): AttemptsRow => ({
  row: 'attempts',
  at,
  arrived: at + 500,
  project: 'shop',
  host,
  made: 30_000,
  failed: 30,
});
const every = (seconds: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / seconds) }, (_, i) => from + i * seconds);

/** `api` is long known. `api2` is heard of from `JOINED` on. Each has a failure every 20 s. */
async function replayed(tells: { api: boolean; api2: boolean }): Promise<readonly BacktestSpike[]> {
  const rows: HistoryRow[] = [
    ...every(20, FROM, TO).map((at, n) => failure('api', at, n)),
    ...every(20, JOINED, TO).map((at, n) => failure('api2', at, n)),
    ...(tells.api ? every(300, FROM, TO).map((at) => attempts('api', at)) : []),
    ...(tells.api2 ? every(300, JOINED, TO).map((at) => attempts('api2', at)) : []),
  ];
  const arrivedOf = (row: HistoryRow): number => ('arrived' in row ? row.arrived : 0);
  const world: HistoryRow = { row: 'world', version: 1, seed: null, from: FROM, to: TO, projects: { shop: ['api', 'api2'] } };
  return (await backtest([world, ...rows.sort((a, b) => arrivedOf(a) - arrivedOf(b))])).spikes;
}

describe('a host that joins a known project', () => {
  it('is no spike for the failures that are usual there', async () => {
    expect(await replayed({ api: true, api2: true })).toEqual([]);
  });

  it('and was there all the time, for all that is known, is told where it fails: at once, or after half an hour where its requests may still be told of', async () => {
    const delayOf = ([spike]: readonly BacktestSpike[]): number => Date.parse(spike?.reported_at ?? '') / 1000 - JOINED;
    expect(delayOf(await replayed({ api: false, api2: false }))).toBeLessThan(300);
    const later = await replayed({ api: true, api2: false });
    expect(later.map(({ host }) => host)).toEqual(['api2']);
    expect(delayOf(later)).toBeGreaterThanOrEqual(1_800);
    expect(delayOf(later)).toBeLessThan(1_900);
  });
});
