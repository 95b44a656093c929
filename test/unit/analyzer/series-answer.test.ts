/** The band on the page is the one that the detector judged by. */
import { describe, expect, it } from 'vitest';
import type { AnswerDeps } from '../../../analyzer/src/answers/settings.js';
import { seriesAnswer } from '../../../analyzer/src/answers/series.js';
import { expect as expectation } from '../../../analyzer/src/detect/expect.js';
import { buildSeries, subjectOf } from '../../../analyzer/src/watch/build-series.js';
import type { RoundResult } from '../../../analyzer/src/watch/round.js';

const NOW = Date.UTC(2026, 0, 5, 14, 0, 3);
const HOUR = 3_600_000;
const OF = { project: 'shop', host: 'a', kind: 'dns' };
const FROM = NOW - 4 * HOUR;
const rowsOf = (fromMs: number) =>
  Array.from({ length: 4 * 360 }, (_, i) => ({ bin: Math.ceil(fromMs / 10_000) * 10 + i * 10, clients: i % 3 === 0 ? 3 : 0 }));
/** Five times the load in the last half hour. */
const exposure = (_of: unknown, startMs: number, binMs: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (startMs + i * binMs >= NOW - HOUR / 2 ? 5 : 1));
const options = { falseAlarmsPerWeek: 1, seriesTested: 6, minFailing: 1, levelSd: 0.2 };

/** @param later - What the round knows for other stretches, where that is not what it built its series with. @param joinedMs - Of the host. */
function place(fromMs: number, later?: RoundResult['knows'], joinedMs?: number) {
  const rows = rowsOf(joinedMs ?? fromMs);
  const knows = { completeness: (ageMs: number) => (ageMs < 20_000 ? 0.5 : 1), exposure };
  const wholes = buildSeries(
    rows.map((r) => ({ ...OF, where: {}, ...r })),
    { ...knows, binMs: 10_000, fromMs: () => FROM, nowMs: NOW, watched: () => true, firstHeardMs: () => joinedMs ?? FROM },
  );
  const latest: RoundResult = {
    spikes: [],
    burns: [],
    seriesTested: 6,
    heardMs: new Map([['shop', fromMs]]),
    joinedMs: () => joinedMs,
    wholes: new Map(wholes.map((whole) => [subjectOf(whole), whole])),
    optionsOf: () => options,
    knows: later ?? knows,
  };
  const stored = rows.flatMap((r) => [
    { ...r, clock: 'event' },
    { ...r, clock: 'arrival' },
  ]);
  const client = { query: () => Promise.resolve({ json: () => Promise.resolve(stored) }) };
  const deps = {
    client,
    projects: { shop: { hosts: ['a'], stage: 'production' } },
    serverMetrics: [],
    now: () => NOW,
    state: () => ({ latest, latestMs: NOW, degraded: null, scrapeErrors: new Map() }),
  } as unknown as AnswerDeps;
  return { deps, handed: wholes[0]?.series };
}

describe('the band of a series', () => {
  it('is drawn from the very series that the detector was handed, load and completeness included', async () => {
    const { deps, handed } = place(FROM, { completeness: () => 1 });
    if (handed === undefined) throw new Error('no series');
    const { answer } = await seriesAnswer({ ...OF, fromMs: NOW - HOUR, toMs: NOW }, deps);
    const judged = new Map(expectation(handed, options).map((e) => [new Date(e.startMs).toISOString(), e]));
    expect(answer.bins.length).toBeGreaterThanOrEqual(360);
    for (const bin of answer.bins) {
      const e = judged.get(bin.start);
      expect([bin.low, bin.high, bin.clients_text]).toEqual([e?.low, e?.high, e?.observed === 3 ? '< 5' : '0']);
      expect(bin.expected).toBeCloseTo(e?.expected ?? NaN, 1);
    }
    const at = (ms: number): number => answer.bins.find((b) => Date.parse(b.start) >= ms)?.expected ?? NaN;
    expect(at(NOW - 0.4 * HOUR) / at(NOW - 0.6 * HOUR)).toBeCloseTo(5, 0);
    expect(answer.bins.at(-1)?.completeness).toBe(0.5);
  });

  it('has hours with rounded numbers, which are those of a breakdown, and exact ones below', async () => {
    const { deps } = place(NOW - 72 * HOUR);
    const texts = async (fromMs: number) =>
      (await seriesAnswer({ ...OF, fromMs, toMs: NOW }, deps)).answer.bins.flatMap((b) => [b.clients_text, b.arrived_text]);
    const hours = await texts(NOW - 72 * HOUR);
    expect(hours).toContain('about 360');
    for (const text of hours) expect(text).toMatch(/^(0|< 5|about \d*[05])$/);
    expect((await texts(NOW - 40 * HOUR)).some((text) => text.startsWith('about'))).toBe(false);
  });

  it('follows the load in a stretch that the last round did not look at, too', async () => {
    const { deps } = place(FROM - 3 * HOUR);
    const { answer } = await seriesAnswer({ ...OF, fromMs: NOW - 3 * HOUR, toMs: NOW - HOUR / 4 }, deps);
    const at = (ms: number): number => answer.bins.find((b) => Date.parse(b.start) >= ms)?.expected ?? NaN;
    expect(at(NOW - 0.4 * HOUR) / at(NOW - 0.6 * HOUR)).toBeGreaterThan(4);
    expect(answer.bins[0]?.start).toBe(new Date(Math.floor((NOW - 3 * HOUR) / 10_000) * 10_000).toISOString());
  });

  it('makes nothing up of the time before a host joined', async () => {
    const joinedMs = Math.floor(NOW / 10_000) * 10_000 - 20 * 60_000;
    const { deps, handed } = place(FROM, undefined, joinedMs);
    if (handed === undefined) throw new Error('no series');
    const { answer } = await seriesAnswer({ ...OF, fromMs: NOW - HOUR, toMs: NOW }, deps);
    const before = answer.bins.filter((bin) => Date.parse(bin.start) < joinedMs);
    expect(before.length).toBeGreaterThan(200);
    expect(before.every((bin) => bin.clients_text === 'no data' && bin.learning)).toBe(true);
    const since = answer.bins.filter((bin) => Date.parse(bin.start) >= joinedMs);
    expect(since.map(({ learning }) => learning)).toEqual(expectation(handed, options).map(({ learning }) => learning));
    expect(since.every(({ learning }) => learning)).toBe(true);
  });
});
