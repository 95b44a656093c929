import { describe, expect, it } from 'vitest';
import type { ClickHouseClient } from '@outcry/storage';
import type { Alert } from '../../../analyzer/src/alert/alert.js';
import { HeardCollectors } from '../../../analyzer/src/alert/heard.js';
import { intakeAlerts } from '../../../analyzer/src/alert/intake-alerts.js';
import { makeIntakeLook } from '../../../analyzer/src/alert/look-at-intake.js';
import { collectorLags, collectorsHeard } from '../../../analyzer/src/queries/intake-health.js';
import type { CollectorLagRow } from '../../../analyzer/src/queries/intake-health.js';

const NOW = Date.UTC(2026, 0, 5, 14, 30);
const S = NOW / 1000;
const BIN = 300;
const HOUR = 3_600;
const DAY = 86_400;

/** Rows that a collector took, each so many seconds before now, as one bin each. */
const rows = (collector: string, count: number, ...agoS: number[]) =>
  agoS.map((ago) => ({ collector, bin: S - ago - ((S - ago) % BIN), rows: count, last: S - ago }));
const every = (stepS: number, fromAgoS: number, toAgoS: number): number[] =>
  Array.from({ length: Math.floor((fromAgoS - toAgoS) / stepS) + 1 }, (_, n) => fromAgoS - n * stepS);
function alertsOf(...heardRows: ReturnType<typeof rows>[]): Alert[] {
  const heard = new HeardCollectors();
  for (const each of heardRows) heard.learn(each);
  heard.forget(S);
  return intakeAlerts({ collectors: heard.all(), lags: [], panels: [] }, NOW);
}
const silentOnes = (alerts: readonly Alert[]): (string | undefined)[] => alerts.map(({ labels }) => labels['collector']);

describe('a silent collector', () => {
  it('is told while others are heard, and not when all are silent or it was heard lately', () => {
    expect(silentOnes(alertsOf(rows('c1', 5, 1_200), rows('c2', 10, ...every(BIN, 1_200, 0))))).toEqual(['c1']);
    expect(alertsOf(rows('c1', 5, 1_200), rows('c2', 100, 1_200))).toEqual([]);
    expect(alertsOf(rows('c1', 5, 600), rows('c2', 100, ...every(BIN, 1_200, 0)))).toEqual([]);
  });

  it('is not told before others took 20 rows in fifteen minutes: fewer may be chance, however long it goes on', () => {
    const trickle = rows('c2', 6, ...every(BIN, 6 * HOUR, 0));
    expect(alertsOf(rows('c1', 5, 6 * HOUR + 60), trickle)).toEqual([]);
    expect(alertsOf(rows('c1', 5, 6 * HOUR + 60), trickle, rows('c2', 8, HOUR))).toHaveLength(1);
  });

  it('stays told in a night in which others are hardly heard, since it was not heard again', () => {
    const evening = rows('c2', 30, ...every(BIN, 10 * HOUR, 8 * HOUR));
    const [alert] = alertsOf(rows('c1', 30, 9 * HOUR), evening, rows('c2', 1, 3_000, 60));
    expect(alert).toMatchObject({ labels: { alertname: 'OutcryCollectorSilent', collector: 'c1', severity: 'page' }, endsAtMs: null });
    expect(alert?.startsAtMs).toBe(NOW - 9 * HOUR * 1000);
    expect(alert?.summary).toBe('Nothing has come through collector c1 for 9 hours, while others were heard.');
    // Nobody at all is heard any more: it is still the same.
    expect(silentOnes(alertsOf(rows('c1', 30, 9 * HOUR), evening))).toEqual(['c1']);
  });

  it('stays told for seven days, and then counts as taken out of service', () => {
    const others = rows('c2', 30, ...every(BIN, 7 * DAY, 0));
    expect(alertsOf(rows('c1', 5, 7 * DAY - 60), others)[0]?.summary).toContain('for 7 days');
    expect(alertsOf(rows('c1', 5, 7 * DAY + 60), others)).toEqual([]);
  });

  it('is over when it is heard again', () => {
    const others = rows('c2', 30, ...every(BIN, 6 * HOUR, 0));
    expect(alertsOf(rows('c1', 5, 3 * HOUR), others)).toHaveLength(1);
    expect(alertsOf(rows('c1', 5, 3 * HOUR), others, rows('c1', 1, 30))).toEqual([]);
  });
});

describe('alerts of the intake', () => {
  const names = (...args: Parameters<typeof intakeAlerts>): string[] => intakeAlerts(...args).map(({ labels }) => labels.alertname);

  it('say that rows wait, and that no client tells of its requests', () => {
    const nothing = { collectors: [], lags: [], panels: [] };
    const lags = [{ collector: 'c1', lag_s: 300, stored: S }];
    expect(names({ ...nothing, lags, panels: [{ project: 'shop', last: S - 60 }] }, NOW)).toEqual(['OutcryIntakeBehind']);
    expect(names({ ...nothing, panels: [{ project: 'shop', last: S - 1_800 }] }, NOW)).toEqual(['OutcryPanelSilent']);
  });
});

describe('an intake that falls behind', () => {
  const behind = (...lags: CollectorLagRow[]): Alert[] => intakeAlerts({ collectors: [], lags, panels: [] }, NOW);

  it('is told as long as nothing newer was stored, and says so: where storage takes nothing, nothing can come', () => {
    const [now] = behind({ collector: 'c1', lag_s: 300, stored: S - 30 });
    expect(now?.summary).toBe('Reports wait about 5 minutes in collector c1 until they are stored.');
    const [later] = behind({ collector: 'c1', lag_s: 300, stored: S - 3 * HOUR });
    expect(later?.summary).toBe('Nothing of collector c1 was stored for 3 hours; what was stored last had waited about 5 minutes.');
    expect(later).toMatchObject({ labels: now?.labels, startsAtMs: NOW - 3 * HOUR * 1000 - 300_000, endsAtMs: null });
    expect(behind({ collector: 'c1', lag_s: 119, stored: S })).toEqual([]);
  });
});

describe('the look at the intake', () => {
  /** A storage that holds `stored` rows of collectors and says what lags; it fails where `failAfter` says so. */
  function place(stored: ReturnType<typeof rows>, lags: readonly CollectorLagRow[] = []) {
    const spans: { from: number; to: number }[] = [];
    let failsAfter = Infinity;
    const answers = { lags };
    const query = ({
      query: sql,
      query_params: params,
    }: {
      query: string;
      query_params: { from: number; to: number; recent?: number };
    }) => {
      if (spans.length >= failsAfter) return Promise.reject(new Error('away'));
      if (sql === collectorLags.sql) {
        const known = answers.lags.filter(({ stored: storedS }) => storedS >= (params.recent ?? 0) && storedS <= params.to);
        return Promise.resolve({ json: () => Promise.resolve(known) });
      }
      if (sql !== collectorsHeard.sql) return Promise.resolve({ json: () => Promise.resolve([]) });
      spans.push(params);
      return Promise.resolve({ json: () => Promise.resolve(stored.filter(({ last }) => last >= params.from && last < params.to)) });
    };
    const look = makeIntakeLook({ client: { query } as unknown as ClickHouseClient, projects: {} });
    return { look, spans, answers, failAfter: (asked: number) => (failsAfter = asked) };
  }
  const stored = [...rows('c1', 5, 3 * DAY), ...rows('c2', 30, ...every(BIN, 4 * DAY, 0))];

  it('knows of a collector that fell silent days before the analyzer began, and reads little from then on', async () => {
    const { look, spans } = place(stored);
    expect(look.alerts()).toBeNull();
    await look.refresh(NOW);
    expect(silentOnes(look.alerts() ?? [])).toEqual(['c1']);
    expect(spans[0]?.from).toBe(S - 7 * DAY - HOUR);
    expect(Math.max(...spans.map(({ from, to }) => to - from))).toBeLessThanOrEqual(DAY + HOUR + BIN);
    const before = spans.length;
    await look.refresh(NOW + 30_000);
    expect(spans).toHaveLength(before);
    await look.refresh(NOW + 60_000);
    expect(spans.slice(before).map(({ from, to }) => to - from)).toEqual([HOUR + 61]);
    expect(silentOnes(look.alerts() ?? [])).toEqual(['c1']);
  });

  it('goes on where it was when storage is back, and what was known holds meanwhile', async () => {
    const { look, spans, failAfter } = place(stored);
    failAfter(3);
    await look.refresh(NOW);
    expect(look.alerts()).toBeNull();
    failAfter(Infinity);
    await look.refresh(NOW + 60_000);
    expect(silentOnes(look.alerts() ?? [])).toEqual(['c1']);
    expect(spans.filter(({ from }) => from < S - 7 * DAY)).toHaveLength(1);
    failAfter(0);
    await look.refresh(NOW + 120_000);
    expect(silentOnes(look.alerts() ?? [])).toEqual(['c1']);
  });

  it('keeps what lagged until rows that did not wait were stored, also where it did not look meanwhile and after a start', async () => {
    const late = { collector: 'c1', lag_s: 300, stored: S - 20 * 60 };
    const { look, answers, failAfter } = place([], [late]);
    const minute = async (n: number): Promise<string[]> => {
      await look.refresh(NOW + n * 60_000);
      return (look.alerts() ?? []).map(({ labels }) => labels.alertname);
    };
    expect(await minute(0)).toEqual(['OutcryIntakeBehind']);
    expect(await minute(120)).toEqual(['OutcryIntakeBehind']);
    failAfter(0);
    answers.lags = [{ ...late, lag_s: 3, stored: S + 130 * 60 }];
    expect(await minute(160)).toEqual(['OutcryIntakeBehind']);
    failAfter(Infinity);
    expect(await minute(180)).toEqual([]);
  });

  it('forgets after seven days in which nothing more was stored', async () => {
    const { look } = place([], [{ collector: 'c1', lag_s: 300, stored: S - 60 }]);
    await look.refresh(NOW);
    await look.refresh(NOW + (7 * DAY - 120) * 1000);
    expect(look.alerts()).toHaveLength(1);
    await look.refresh(NOW + (7 * DAY + 120) * 1000);
    expect(look.alerts()).toEqual([]);
  });
});
