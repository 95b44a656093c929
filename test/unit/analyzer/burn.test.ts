import { describe, expect, it } from 'vitest';
import { publish } from '../../../analyzer/src/publish/publish.js';
import { burnWords, objectiveWords } from '../../../analyzer/src/answers/slo.js';
import { Burns } from '../../../analyzer/src/watch/burn.js';

const NOW = Date.UTC(2026, 0, 5, 14, 6);
const SLO = { objective: 0.999, windowDays: 30 };
const END = Math.floor((NOW / 1000 - 330) / 300) * 300;

/** Three days of 1,000 requests in five minutes; `failedAt(minutes before the end)` of them fail. */
function burns(failedAt: (minutesAgo: number) => number, made = 1_000): Burns {
  const all = new Burns();
  for (let at = END - 3 * 86_400; at < END; at += 300) all.set('shop', 'a', at, made, failedAt((END - at) / 60));
  return all;
}
const of = (all: Burns) => all.of('shop', 'a', SLO, NOW);

describe('burn', () => {
  it('is the failed share of requests ÷ the share that may fail, by window', () => {
    const burn = of(burns((ago) => (ago <= 60 ? 20 : 1)));
    expect(burn?.rates['1h']).toBeCloseTo(20, 6);
    expect(burn?.rates['5m']).toBeCloseTo(20, 6);
    expect(burn?.rates['6h']).toBeCloseTo((20 + 5) / 6, 6);
    expect(burn?.rates['3d']).toBeCloseTo((20 + 71) / 72, 6);
    expect(of(new Burns())).toBeUndefined();
  });

  it('pages at 14.4 in an hour that goes on, and at 6 in six hours; is a notice at 1 in three days', () => {
    expect(of(burns((ago) => (ago <= 60 ? 14.5 : 0)))?.severity).toBe('page');
    expect(of(burns((ago) => (ago <= 60 ? 14.3 : 0)))?.severity).toBeNull();
    // Over by now: the short window is quiet.
    expect(of(burns((ago) => (ago > 5 && ago <= 60 ? 30 : 0)))?.severity).toBeNull();
    expect(of(burns((ago) => (ago <= 360 ? 6.1 : 0)))?.severity).toBe('page');
    expect(of(burns(() => 1.1))?.severity).toBe('notice');
    expect(of(burns(() => 0.9))?.severity).toBeNull();
  });

  it('says nothing of a few failed requests, however large their share', () => {
    expect(of(burns((ago) => (ago <= 5 ? 9 : 0), 10))?.severity).toBeNull();
  });

  it('reads the five minutes that are still being told of as unknown, and the latest word of others', () => {
    const all = burns(() => 0);
    all.set('shop', 'a', END, 1_000, 900);
    expect(of(all)?.rates['5m']).toBe(0);
    all.set('shop', 'a', END - 300, 1_000, 5);
    all.set('shop', 'a', END - 300, 1_000, 50);
    expect(of(all)?.rates['5m']).toBeCloseTo(50, 6);
    all.forget(NOW + 4 * 86_400_000);
    expect(of(all)).toBeUndefined();
  });

  it('tells how much of the whole budget a stretch used up', () => {
    const all = burns((ago) => (ago <= 60 ? 144 : 0));
    // 12 bins of 144 failed; in 30 days 8,640 bins of 1,000 requests may fail one in a thousand.
    expect(all.spent('shop', 'a', SLO, (END - 3_600) * 1000, END * 1000)).toBeCloseTo((12 * 144) / 8_640, 2);
    expect(new Burns().spent('shop', 'a', SLO, 0, 1)).toBeNull();
  });
});

describe('an episode of burning', () => {
  const MINUTE = 60_000;
  /** As seen so many minutes after the end, when the bins before are whole; requests after the end are as `later` says, 1,000 each where it says nothing. */
  function episodeAt(minutes: number, before: (minutesAgo: number) => number, later: Record<number, [made: number, failed: number]> = {}) {
    const all = burns(before);
    for (let m = 0; m < minutes; m += 5) {
      const [made, failed] = later[m] ?? [1_000, 0];
      if (made > 0) all.set('shop', 'a', END + m * 60, made, failed);
    }
    return all.episode('shop', 'a', SLO, NOW + minutes * MINUTE);
  }
  const burning = (ago: number): number => (ago <= 60 ? 30 : 0);
  const page = { severity: 'page' };

  it('begins with the first five minutes at whose end a rule holds, and is null where none does', () => {
    expect(burns(() => 0).episode('shop', 'a', SLO, NOW)).toBeNull();
    expect(new Burns().episode('shop', 'a', SLO, NOW)).toBeNull();
    // Of 12,000 requests in an hour 172.8 may fail before it pages, which six bins of 30 reach; the others were burning for less.
    expect(episodeAt(0, burning)).toEqual({ sinceMs: (END - 30 * 60) * 1000, severity: 'page' });
  });

  it('goes on through pauses of ten minutes, as one with one start, and ends after a quarter of an hour in which the budget lasts', () => {
    const since = (END - 30 * 60) * 1000;
    expect(burns(burning).of('shop', 'a', SLO, NOW)?.severity).toBe('page');
    for (const minutes of [5, 10]) expect(episodeAt(minutes, burning)).toEqual({ sinceMs: since, severity: 'page' });
    expect(episodeAt(15, burning)).toBeNull();
    const onAndOff: Record<number, [number, number]> = { 10: [1_000, 20], 25: [1_000, 20] };
    for (const minutes of [5, 10, 15, 20, 25, 30, 35, 40]) expect(episodeAt(minutes, burning, onAndOff)?.sinceMs).toBe(since);
    expect(episodeAt(45, burning, onAndOff)).toBeNull();
  });

  it('keeps the gravest severity that it had', () => {
    // After the page of the hour, a notice of three days is left.
    const before = (ago: number): number => (ago <= 60 ? 30 : 1.5);
    const later = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [n * 5, [1_000, 3] as [number, number]]));
    const all = burns(before);
    for (const [m, [made, failed]] of Object.entries(later)) all.set('shop', 'a', END + Number(m) * 60, made, failed);
    expect(all.of('shop', 'a', SLO, NOW + 30 * MINUTE)?.severity).toBe('notice');
    expect(episodeAt(30, before, later)).toMatchObject(page);
  });

  it('does not end because nobody tells of requests, before it has been silent for an hour', () => {
    const silence = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [n * 5, [0, 0] as [number, number]]));
    expect(burns(burning).of('shop', 'a', SLO, NOW + 20 * MINUTE)?.severity).toBeNull();
    expect(episodeAt(15, burning, silence)).toMatchObject(page);
    expect(episodeAt(55, burning, silence)).toMatchObject(page);
    expect(episodeAt(60, burning, silence)).toBeNull();
  });

  it('says nothing of a time whose long window reaches beyond what is kept', () => {
    // Three days ago one bin burned at ten times: too little for the six hours before it, of which nothing is left.
    const all = burns((ago) => (ago === 3 * 1_440 ? 10 : 1.1));
    expect(all.episode('shop', 'a', SLO, NOW)).toEqual({ sinceMs: (END - 3_600) * 1000, severity: 'notice' });
  });
});

describe('a published burn', () => {
  const burn = (failed: number) => {
    const found = of(burns((ago) => (ago <= 60 ? failed : 0)));
    if (found === undefined) throw new Error('no burn');
    return found;
  };

  it('has two digits, and none where few requests failed', () => {
    const said = publish({ shape: 'slo', burn: burn(20.123), spent: 0.0312 }, { k: 10 });
    expect(said).toMatchObject({ objective: 0.999, window_days: 30, burn_1h: 20, severity: 'page', budget_spent: 0.03 });
    expect(objectiveWords(said)).toBe('99.9 % over 30 days');
    expect(burnWords(said)).toEqual([
      'Clients fail 20 times as often in the last hour as the objective of 99.9 % over 30 days allows. This spike has used up 3 % of what may fail in that time.',
    ]);
    const few = publish({ shape: 'slo', burn: burn(0.5), spent: 0.5 }, { k: 10 });
    expect(few).toMatchObject({ burn_1h: null, burn_6h: null, burn_3d: null, budget_spent: null });
    expect(burnWords(few)).toEqual([]);
  });
});
