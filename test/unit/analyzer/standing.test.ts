import { describe, expect, it } from 'vitest';
import { backtest } from '../../../analyzer/src/backtest/backtest.js';
import type { FailuresRow, HistoryRow } from '../../../analyzer/src/backtest/rows.js';
import type { CrowdCellRow } from '../../../analyzer/src/queries/crowd-cells.js';
import { DISTRUSTED_PREFIXES, mostCounted, mostFirst, standing } from '../../../analyzer/src/watch/standing.js';
import { crowds } from '../../../collector/src/intake/crowds.js';

const cell = (parts: Partial<CrowdCellRow> = {}): CrowdCellRow => ({
  collector: 'c1', network: 'AS3/DE', country: 'DE', release: '1.0.0',
  first: 0, firstBefore: 0, counted: 0, countedBefore: 0, unranked: 0, unrankedBefore: 0, ...parts,
}); // prettier-ignore
const usual = { expected: 0, scale: 1 / 12, seconds: 300 };
const stands = (...rows: Partial<CrowdCellRow>[]): boolean => standing(rows.map(cell), usual).stands;

describe('a spike stands without three address prefixes', () => {
  it('when enough others fail for the first time, at whichever collectors', () => {
    expect(stands({ first: 3 })).toBe(false);
    expect(stands({ first: 4 })).toBe(false);
    expect(stands({ first: 5 })).toBe(true);
    expect(stands({ first: 3 }, { first: 3, collector: 'c2' }, { first: 3, collector: 'c3' })).toBe(false);
    expect(stands({ first: 4 }, { first: 4, collector: 'c2' })).toBe(true);
    expect(stands({ first: 2 }, { first: 3, release: '1.0.1' })).toBe(true);
  });

  it('only when what is left is more than usual: by the hour before, or by what the detector expects', () => {
    expect(stands({ first: 12 })).toBe(true);
    expect(stands({ first: 12, firstBefore: 48 })).toBe(false);
    expect(standing([cell({ first: 12 })], { ...usual, expected: 4 }).stands).toBe(false);
  });

  it('when more clients of shared addresses fail than three prefixes have places for', () => {
    expect(stands({ counted: mostCounted(610) })).toBe(false);
    expect(stands({ counted: mostCounted(610) + 2 })).toBe(true);
    // Over several hosts a prefix has more places than at one.
    expect(standing([cell({ counted: 500 })], usual, false).stands).toBe(false);
  });

  it('by clients whose addresses no stranger can have, as before there were ranks', () => {
    expect(stands({ unranked: 2 })).toBe(true);
    expect(stands({ unranked: 2, unrankedBefore: 12 })).toBe(false);
    expect(stands({ unranked: 1, first: 3 })).toBe(false);
  });

  it('whatever the time: the bounds are those of the collector', () => {
    const rank = crowds(100);
    const from = 1_795_000_000_000;
    const rows: { atMs: number; crowd: string }[] = [];
    for (let second = 0; second < 9_000; second++) {
      const sender = { prefixKey: String(second % DISTRUSTED_PREFIXES), isPrivate: false };
      rows.push({ atMs: from + second * 1000, crowd: String(rank(sender, 'shop', ['a'], BigInt(second + 1), from + second * 1000)) });
    }
    for (const [startS, seconds] of [[0, 300], [590, 20], [3_500, 200], [601, 3_599], [1_000, 7_000]] as const) {
      const inside = rows.filter(({ atMs }) => atMs >= from + startS * 1000 && atMs <= from + (startS + seconds) * 1000);
      expect(inside.filter(({ crowd }) => crowd === 'first').length).toBeLessThanOrEqual(mostFirst(seconds));
      expect(inside.filter(({ crowd }) => crowd !== 'many').length).toBeLessThanOrEqual(mostCounted(seconds));
    } // prettier-ignore
  });
});

const FROM = Date.UTC(2026, 0, 5) / 1000;
const LOUD = FROM + 7_200;
const HOST = 'api.shop.example';
const failure = (at: number, parts: Partial<FailuresRow> = {}): FailuresRow => ({
  row: 'failures', at, arrived: at + 4, project: 'shop', host: HOST, kind: 'dns', type: 'dns.name_not_resolved',
  network: `AS${(at % 7) + 1}/DE`, country: 'DE', release: '1.0.0', clients: 1, requests: 1, ...parts,
}); // prettier-ignore

/** Two quiet hours, then 300 clients with a key each in ten minutes, spread over so many prefixes and two collectors, ranked by these. */
function history(prefixes: number, parts: Partial<FailuresRow> = {}): HistoryRow[] {
  const rank = new Map(['c1', 'c2'].map((collector) => [collector, crowds(10_000)]));
  const quiet = Array.from({ length: 65 }, (_, i) => ({ row: failure(FROM + i * 120), prefix: `quiet ${String(i)}` }));
  const loud = Array.from({ length: 300 }, (_, i) => ({
    row: failure(LOUD + i * 2, { network: 'AS3/DE', collector: i % 2 === 0 ? 'c1' : 'c2', ...parts }),
    prefix: String(Math.floor(i / 2) % prefixes),
  }));
  const all = [...quiet, ...loud].sort((a, b) => a.row.arrived - b.row.arrived);
  const ranked = all.map(({ row, prefix }, i): HistoryRow => {
    const collector = row.collector ?? 'c1';
    const crowd = rank.get(collector)?.({ prefixKey: prefix, isPrivate: false }, 'shop', [HOST], BigInt(i + 1), row.arrived * 1000);
    return { ...row, crowd: crowd as 'first' | 'few' | 'many' };
  });
  return [{ row: 'world', version: 1, seed: null, from: FROM, to: LOUD + 700, projects: { shop: [HOST] } }, ...ranked];
}

describe('reports made up by one attacker', () => {
  it('open no spike from three prefixes with a key each, in one network or in three, at two collectors', async () => {
    expect((await backtest(history(3))).spikes).toEqual([]);
    const everywhere = history(3).map((row, i) => (row.row === 'failures' && row.at >= LOUD ? { ...row, network: `AS${String(i % 3)}/DE` } : row));
    expect((await backtest(everywhere)).spikes).toEqual([]);
  }); // prettier-ignore

  it('do open one where nobody ranks them, and so do as many honest ones of as many prefixes as a network has', async () => {
    const unranked = history(3).map((row) => (row.row === 'failures' ? failure(row.at, { network: row.network }) : row));
    expect((await backtest(unranked)).spikes).toHaveLength(1);
    for (const prefixes of [150, 30]) {
      const { spikes } = await backtest(history(prefixes));
      expect(spikes).toHaveLength(1);
      expect(spikes[0]).toMatchObject({ kind: 'dns', places: [{ network: 'AS3/DE' }] });
      // More than the places of the prefixes: a spike that stands counts all.
      expect(spikes[0]?.failing_clients).toBeGreaterThan(30 * 2 * 3);
      expect(Date.parse(spikes[0]?.reported_at ?? '') / 1000).toBeLessThan(LOUD + 60);
    }
  });
});
