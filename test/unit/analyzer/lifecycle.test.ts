/** Spikes over time: real rounds of search and examination on rows in memory, minute by minute. */
import { describe, expect, it } from 'vitest';
import { spikeAlerts } from '../../../analyzer/src/alert/spike-alerts.js';
import { phaseWords, sentenceOf } from '../../../analyzer/src/answers/sentence.js';
import { Memory } from '../../../analyzer/src/backtest/memory.js';
import { buildSeries } from '../../../analyzer/src/watch/build-series.js';
import { examine } from '../../../analyzer/src/watch/examine.js';
import { look } from '../../../analyzer/src/watch/find.js';
import { notExamined } from '../../../analyzer/src/watch/lifecycle.js';
import { publishRecord } from '../../../analyzer/src/watch/publish-record.js';
import { phaseOf } from '../../../analyzer/src/watch/spike-record.js';
import type { SpikeRecord } from '../../../analyzer/src/watch/spike-record.js';

const START = Date.UTC(2026, 0, 5, 12) / 1000;
const OF = { project: 'shop', host: 'a', kind: 'timeout' };
const MINUTE = 60;

interface Seen {
  readonly minute: number;
  readonly phases: readonly string[];
  readonly alerts: readonly string[];
}

/** Two quiet hours, then `failing(minute)` clients in each 10 s; a round each 20 s. What is seen at the end of each minute of the story. */
async function story(minutes: number, failing: (minute: number) => number): Promise<{ seen: Seen[]; records: readonly SpikeRecord[] }> {
  const memory = new Memory();
  let nowS = START;
  const deps = {
    client: memory.client,
    projects: { shop: { hosts: ['a'], stage: 'production' as const } },
    serverMetrics: [],
    now: () => nowS * 1000,
  };
  const bins: { bin: number; clients: number }[] = [];
  const seen: Seen[] = [];
  let records: readonly SpikeRecord[] = [];
  const fail = (at: number, clients: number): void => {
    if (clients === 0) return;
    bins.push({ bin: at, clients });
    // One client of each network, so that it is everywhere.
    for (let n = 0; n < clients; n++) {
      const place = { network: `AS${1 + n}/DE`, country: 'DE', release: '1' };
      memory.take({ row: 'failures', at, arrived: at, ...OF, type: 'tcp.timed_out', ...place, clients: 1, requests: 1 });
    }
  };
  for (let at = START; at < START + 120 * MINUTE; at += 600) fail(at, 1);
  for (let step = 0; step < minutes * 6; step++) {
    const at = START + 120 * MINUTE + step * 10;
    fail(at, failing(Math.floor(step / 6)));
    if (step % 2 === 0) continue;
    nowS = at + 10;
    const [series] = buildSeries(
      bins.map((b) => ({ ...OF, where: {}, ...b })),
      {
        binMs: 10_000,
        fromMs: () => START * 1000,
        nowMs: nowS * 1000,
        watched: () => true,
        firstHeardMs: () => START * 1000,
        completeness: () => 1,
      },
    );
    const findings = series === undefined ? [] : look(series, {}, (nowS - 3_600) * 1000).findings;
    const { changed, waiting } = await examine(findings, records, deps);
    records = [...changed, ...notExamined(records, changed, waiting, nowS * 1000)];
    if (step % 6 !== 5) continue;
    const toTell = records.map((record) => {
      const said = publishRecord(record, undefined);
      return { spike: { ...said, sentence: sentenceOf(said), url: '' }, label: record.life.label, hasLasted: record.life.hasLasted };
    });
    const alerts = spikeAlerts(toTell, nowS * 1000);
    seen.push({
      minute: Math.floor(step / 6),
      phases: records.map(phaseOf),
      alerts: alerts.map(({ endsAtMs, labels }) => `${endsAtMs === null ? 'firing' : 'resolved'} ${String(labels['place'])}`),
    });
  }
  return { seen, records };
}

/** How often it changes from one thing to another. */
const turns = (of: readonly string[]): string[] => of.filter((x, i) => x !== of[i - 1]);

describe('a fault that comes and goes every few minutes', () => {
  it('is one spike that is told once and resolved once', async () => {
    const { seen, records } = await story(70, (minute) => (minute < 45 && minute % 5 < 2 ? 12 : 0));
    expect(records).toHaveLength(1);
    expect(turns(seen.map(({ alerts }) => alerts.join(' ')))).toEqual(['firing everywhere', 'resolved everywhere']);
    expect(records[0]?.life.reopened).toBe(0);
    expect(new Date(records[0]?.endedMs ?? 0).toISOString()).toBe(new Date((START + 162 * MINUTE) * 1000).toISOString());
    // It is said to recover between, and closed only when it has been quiet for five minutes.
    expect(seen.filter(({ phases }) => phases[0] === 'closed')[0]?.minute).toBe(46);
  });

  it('and comes back after it was closed is reopened, and then kept open for longer', async () => {
    const { seen, records } = await story(55, (minute) =>
      minute < 3 || (minute >= 12 && minute < 15) || (minute >= 25 && minute < 27) ? 12 : 0,
    );
    expect(records).toHaveLength(1);
    expect(turns(seen.map(({ phases }) => phases[0] ?? ''))).toEqual([
      'open',
      'recovering',
      'closed',
      'reopened',
      'recovering',
      'growing',
      'recovering',
      'closed',
    ]);
    expect(records[0]?.life.reopened).toBe(1);
    expect(turns(seen.map(({ alerts }) => alerts.join()))).toHaveLength(4);
  });
});

describe('where a spike that lasts stands', () => {
  it('is growing while it rises, steady on its height, recovering while it falls, in words too', async () => {
    const { seen, records } = await story(30, (minute) => (minute < 5 ? 4 : minute < 9 ? 4 * 2 ** (minute - 4) : minute < 18 ? 64 : 8));
    const at = (minute: number): string | undefined => seen[minute]?.phases[0];
    expect([at(4), at(7), at(14), at(22)]).toEqual(['open', 'growing', 'open', 'recovering']);
    expect(turns(seen.map(({ phases }) => phases[0] ?? ''))).toEqual(['open', 'growing', 'open', 'recovering']);
    const [record] = records;
    if (record === undefined) throw new Error('no spike');
    expect(record).toMatchObject({ state: 'open', endedMs: null });
    expect(phaseWords(publishRecord(record, undefined))).toEqual(['Far fewer clients fail than at its worst.']);
  });

  it('is said of one that is quiet: when it stopped, and that it is not closed yet', async () => {
    const { records } = await story(8, (minute) => (minute < 5 ? 12 : 0));
    const [record] = records;
    if (record === undefined) throw new Error('no spike');
    const said = publishRecord(record, undefined);
    expect(said).toMatchObject({ state: 'open', phase: 'recovering', ended_at: null, quiet_since: '2026-01-05T14:05:00.000Z' });
    expect(sentenceOf(said)).toContain('clients got no answer in time from a from 14:00:00 UTC to 14:05:00 UTC, quiet since then');
  });
});
