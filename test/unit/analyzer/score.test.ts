/** What was said beside what truly happened. */
import { describe, expect, it } from 'vitest';
import type { IncidentRow, WorldRow } from '../../../analyzer/src/backtest/rows.js';
import { score } from '../../../analyzer/src/backtest/score.js';
import type { ScoredSpike } from '../../../analyzer/src/backtest/score.js';
import { scoredSpikes } from '../../../analyzer/src/backtest/truth.js';

const FROM = Date.UTC(2026, 0, 5) / 1000;
const HOST = 'api.shop.example';

describe('score', () => {
  const incident = (id: string, parts: Partial<IncidentRow> = {}): IncidentRow => ({
    row: 'incident', id, script: 'resolver-outage', project: 'shop', hosts: [HOST], kinds: ['dns'], places: [{ network: 'AS1/DE' }],
    start: 10_000, end: 10_600, harmless: false, fake: false, verdict: 'outside', injected: 300, first_failure: 10_010,
    observed: 302, background: 2, oracle_log10_p: -100, oracle_found: 10_020, ...parts,
  }); // prettier-ignore
  const spike = (parts: Partial<ScoredSpike> = {}): ScoredSpike => ({
    project: 'shop', host: HOST, kind: 'dns', startS: 10_010, endS: 10_600, reportedS: 10_050, places: [{ network: 'AS1/DE' }],
    verdict: 'outside', uncorroborated: true, pValue: 1e-30, affected: null, ...parts,
  }); // prettier-ignore

  it('counts a spike that tells everything right', () => {
    const s = score([spike()], [incident('a')], 604_800);
    expect(s.recall).toEqual({ of: 1, hits: 1, share: 1 });
    expect(s.precision.share).toBe(1);
    expect(s.delay).toEqual({ of: 1, median_s: 40, p95_s: 40 });
    expect(s.delay_strong.of).toBe(1);
    expect(s.oracle_delay.median_s).toBe(10);
    expect(s.oracle_delay_strong).toEqual({ of: 1, median_s: 10, p95_s: 10 });
    expect([s.place_exact.share, s.place_parent.share, s.place_f1, s.verdict.share, s.pieces]).toEqual([1, 1, 1, 1, 1]);
  });

  it('counts what is missed, wrong, elsewhere, and in pieces', () => {
    const spikes = [
      spike({ places: [{ country: 'DE' }], verdict: 'inside', endS: 10_100 }),
      spike({ startS: 10_400, pValue: 1e-20 }),
      spike({ startS: 50_000, endS: 50_100 }),
      spike({ kind: 'http', startS: 70_000, endS: 70_100 }),
    ];
    const crowd = incident('c', { script: 'flash-crowd', kinds: [], harmless: true, start: 69_000, end: 71_000, injected: 0 });
    const missed = incident('b', { script: 'bgp-leak', start: 90_000, end: 91_000, oracle_log10_p: -20, affected: { a: 200, b: 100 } });
    const s = score(spikes, [incident('a'), missed, crowd], 604_800 / 2);
    expect(s.recall).toEqual({ of: 2, hits: 1, share: 0.5 });
    expect(s.recall_oracle_1e30).toEqual({ of: 1, hits: 1, share: 1 });
    expect(s.missed_by_script).toEqual({ 'bgp-leak': 1 });
    expect(s.missed).toEqual([{ id: 'b', script: 'bgp-leak', clients: 300, hosts: 2, oracle_log10_p: -20 }]);
    expect(s.false_spikes).toBe(2);
    expect(s.false_per_week).toBe(4);
    expect(s.false_by_case).toEqual({ none: 1, 'flash-crowd': 1 });
    expect(s.pieces).toBe(2);
    expect([s.place_exact.share, s.place_parent.share, s.place_f1, s.verdict.share]).toEqual([0, 1, 0, 0]);
  });

  it('takes no spike for a telling that was told before anything failed, or began long before', () => {
    const missed = { recall: { of: 1, hits: 0 }, false_spikes: 1 };
    // Wrong elsewhere, told an hour ago, and still open.
    expect(score([spike({ startS: 5_000, reportedS: 5_100, endS: null })], [incident('a')], 1)).toMatchObject(missed);
    expect(score([spike({ startS: 9_600, reportedS: 10_050 })], [incident('a')], 1)).toMatchObject(missed);
    expect(score([spike({ startS: 9_900, reportedS: 10_005 })], [incident('a')], 1)).toMatchObject(missed);
    // Starts are estimates.
    expect(score([spike({ startS: 9_800 })], [incident('a')], 1)).toMatchObject({ recall: { hits: 1 }, false_spikes: 0 });
  });

  it('leaves out no spike that was told before the incident beyond the span that it reaches into', () => {
    const span: WorldRow = { row: 'world', version: 1, seed: null, from: FROM, to: FROM + 3_600, projects: { shop: [HOST] } };
    const early = spike({ startS: FROM + 600, reportedS: FROM + 700, endS: null });
    const after = incident('b', { start: FROM + 4_000, end: FROM + 5_000, first_failure: FROM + 4_010 });
    const before = incident('a', { start: FROM - 600, end: FROM + 900, first_failure: FROM - 590 });
    expect(scoredSpikes([early], [after], span)).toEqual([early]);
    expect(scoredSpikes([early], [before], span)).toEqual([]);
  });

  it('judges what was said first and what was said last, of the surest spike and of all', () => {
    const words = (place: string, verdict: string): Pick<ScoredSpike, 'places' | 'verdict' | 'uncorroborated'> => ({
      places: [{ network: place }],
      verdict,
      uncorroborated: verdict === 'outside',
    });
    const surest = spike({ ...words('AS1/DE', 'outside'), first: words('AS2/FR', 'inside') });
    const other = spike({ ...words('AS3/US', 'outside'), first: words('AS1/DE', 'outside'), pValue: 1e-9 });
    const s = score([other, surest], [incident('a')], 1);
    const told = ({ place_exact, verdict }: typeof s.all): unknown => [place_exact.hits, place_exact.of, verdict.hits, verdict.of];
    expect([s, s.first_told, s.all, s.all_first_told].map(told)).toEqual([
      [1, 1, 1, 1],
      [0, 1, 0, 1],
      [1, 2, 2, 2],
      [1, 2, 1, 2],
    ]);
    const made = score([surest], [incident('f', { fake: true })], 1);
    expect([made.fakes_uncorroborated.share, made.first_told.fakes_uncorroborated.share]).toEqual([1, 0]);
  });

  it('asks of each spike for the places that the oracle can name at its host', () => {
    const at = incident('a', { hosts: [HOST, 'b'], placeable: [true], placeable_at: { [HOST]: [true], b: [false] } });
    const s = score([spike(), spike({ host: 'b', places: [], pValue: 1e-9 })], [at], 1);
    expect([s.place_f1, s.all.place_f1, s.all.place_f1_all]).toEqual([1, 1, 2 / 3]);
  });

  it('compares delays with twice the time of one who knows, with half a minute for the way and without', () => {
    const slow = incident('a', { observed: 30, background: 20, oracle_found: 10_040 });
    const like = (reportedS: number): unknown => {
      const { delay_like_oracle: a, delay_within_twice_oracle: b } = score([spike({ reportedS })], [slow], 1);
      return [a, b].map((x) => x.hits);
    };
    expect([10_070, 10_071, 10_100, 10_101].map(like)).toEqual([
      [1, 1],
      [1, 0],
      [1, 0],
      [0, 0],
    ]);
  });

  it('asks for the places that the oracle can name, and takes the others as they come', () => {
    const two = incident('a', { places: [{ network: 'AS1/DE' }, { network: 'AS2/FR' }], placeable: [true, false] });
    const f1 = (places: Record<string, string>[]): (number | null)[] => {
      const s = score([spike({ places })], [two], 1);
      return [s.place_f1, s.place_f1_all];
    };
    expect(f1([{ network: 'AS1/DE' }])).toEqual([1, 2 / 3]);
    expect(f1([{ network: 'AS1/DE' }, { network: 'AS2/FR' }])).toEqual([1, 1]);
    expect(f1([{ network: 'AS1/DE' }, { country: 'FR' }])).toEqual([1, 0.5]);
    expect(f1([{ network: 'AS1/DE' }, { network: 'AS3/US' }])).toEqual([2 / 3, 0.5]);
    expect(f1([{ country: 'DE' }])).toEqual([0, 0]);
  });

  it('asks whether the stated interval holds the clients that the incident hit', () => {
    const hit = incident('a', { affected: { [HOST]: 300 } });
    const interval = (low: number, high: number, i = hit): unknown => score([spike({ affected: { low, high } })], [i], 1).interval;
    expect(interval(290, 300)).toEqual({ of: 1, hits: 1, share: 1 });
    expect(interval(301, 320)).toEqual({ of: 1, hits: 0, share: 0 });
    expect(interval(290, 310, incident('b'))).toMatchObject({ of: 0 });
    expect(score([spike()], [hit], 1).interval).toMatchObject({ of: 0 });
  });

  it('names each harmless case, and tells apart what was claimed without cause', () => {
    const crowd = incident('c', { script: 'flash-crowd', kinds: [], places: [], harmless: true, injected: 0 });
    const later = { ...crowd, id: 'd', start: 90_000, end: 91_000 };
    const everywhere = incident('e', { places: [], start: 30_000, end: 31_000 });
    const spikes = [
      spike({ places: [{ release: '2' }] }),
      spike({ startS: 30_000, endS: 30_500 }),
      spike({ startS: 50_000, endS: 50_500, places: [] }),
    ];
    const s = score(spikes, [crowd, later, everywhere], 604_800);
    expect(s.harmless).toEqual({ 'flash-crowd': { of: 2, hits: 1, share: 0.5 } });
    expect(s.place_claimed_everywhere).toEqual({ of: 1, hits: 1, share: 1 });
    expect(s.place_claimed_noise).toEqual({ of: 1, hits: 0, share: 0 });
    expect(s.place_claimed_drift).toEqual({ of: 1, hits: 1, share: 1 });
    expect(s.false_in_release).toBe(1);
  });

  it('holds fakes to saying that nothing supports them', () => {
    const fake = incident('f', { fake: true });
    expect(score([spike()], [fake], 1).fakes_uncorroborated.share).toBe(1);
    expect(score([spike({ uncorroborated: false })], [fake], 1).fakes_uncorroborated.share).toBe(0);
    expect(score([spike()], [fake], 1).recall.of).toBe(0);
  });

  it('has no shares of nothing', () => {
    expect(score([], [], 1)).toMatchObject({ precision: { share: null }, recall: { share: null }, pieces: null, place_f1: null });
  });
});
