import { describe, expect, it } from 'vitest';
import { stretchOf } from '../../../analyzer/src/queries/stretch.js';
import { cellsOf, failingNetworks } from '../../../analyzer/src/watch/evidence-cells.js';

const T = Date.UTC(2026, 0, 5, 14, 20);
const MINUTE = 60_000;

/** The same numbers in 0..1 at every run. Source: mulberry32, public domain. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
function poisson(random: () => number, mean: number): number {
  let left = Math.exp(-mean);
  let term = left;
  const u = random();
  let count = 0;
  while (u > left && count < 10 * mean + 50) {
    count++;
    term *= mean / count;
    left += term;
  }
  return count;
}

describe('evidence', () => {
  const row = { network: 'AS1/DE', country: 'DE', release: '1', now: 20, before: 6, allNow: 20, allBefore: 6 };

  it('has silent cells for places that are known to have clients', () => {
    const cells = cellsOf(
      [row],
      [
        { network: 'AS1/DE', country: 'DE', release: '1', clients: 40, recent: 0 },
        { network: 'AS2/FR', country: 'FR', release: '1', clients: 10, recent: 0 },
      ],
      6,
    );
    expect(cells[0]).toMatchObject({ attempts: 40, baselineAttempts: 240, baselineFailures: 6 });
    expect(cells.map((c) => [c.where['network'], c.failures])).toEqual([
      ['AS1/DE', 20],
      ['AS2/FR', 0],
    ]);
  });

  it('gives a place that was never heard of as much as the smallest ones', () => {
    const known = Array.from({ length: 20 }, (_, i) => ({ network: `AS${i}/US`, country: 'US', release: '1', clients: 20 + i, recent: 0 }));
    const [first] = cellsOf([{ ...row, network: 'AS99/US', country: 'US' }], known, 6);
    expect(first).toMatchObject({ where: { network: 'AS99/US' }, attempts: 22, baselineAttempts: 132 });
  });

  it('expects more of the countries that are awake and of the releases in use by now', () => {
    const place = (country: string, release: string, clients: number, recent: number) => ({
      network: `AS1/${country}`,
      country,
      release,
      clients,
      recent,
    });
    const known = [place('DE', '1', 10_000, 3_000), place('JP', '1', 10_000, 1_000), place('BR', '1', 100, 0)];
    const attempts = new Map(cellsOf([], known, 1).map((c) => [c.where['country'], c.attempts]));
    const ratio = (attempts.get('DE') ?? 0) / (attempts.get('JP') ?? 1);
    // The smallest place is 100, so that what is heard of in an hour is drawn half way back to the day.
    expect(ratio).toBeGreaterThan(1.5);
    expect(ratio).toBeLessThan(3);
    expect(attempts.get('BR')).toBeGreaterThan(95);
    const asleep = new Map(cellsOf([], known.map((k) => ({ ...k, recent: 0 })), 1).map((c) => [c.where['country'], c.attempts])); // prettier-ignore
    expect([...asleep.values()]).toEqual([10_000, 10_000, 100]);
  });

  it('counts a network as failing only when it fails more than before', () => {
    const others = [
      { ...row, network: 'AS2/FR', now: 7, before: 42 },
      { ...row, network: 'AS3/US', now: 1, before: 0 },
    ];
    expect(failingNetworks([row, ...others], 6)).toEqual(['AS1/DE']);
  });

  it('takes a burst for no second network that fails where bursts are usual', () => {
    const failing = (now: number, dispersion: number): number =>
      failingNetworks([{ ...row, network: 'AS9/DE', now, before: 0 }], 6, dispersion).length;
    expect([failing(4, 1), failing(4, 1.6), failing(9, 1.6)]).toEqual([1, 0, 1]);
  });

  it('knows a baseline of one stretch less well than one of twelve', () => {
    const failing = (baselines: number): number => failingNetworks([{ ...row, now: 8, before: baselines }], baselines).length;
    expect([failing(12), failing(1)]).toEqual([1, 0]);
  });

  it('sees no network fail among two thousand that are as usual, however long the spike is', () => {
    const random = mulberry(7);
    const weights = Array.from({ length: 2_000 }, (_, i) => (i + 1) ** -0.8);
    const all = weights.reduce((sum, w) => sum + w, 0);
    const worlds = 60;
    for (const minutes of [5, 20, 40]) {
      const { baselines } = stretchOf(T, T + minutes * MINUTE);
      let wrong = 0;
      for (let world = 0; world < worlds; world++) {
        const rows = weights.flatMap((weight, i) => {
          const mean = (12 * minutes * weight) / all;
          const [now, before] = [poisson(random, mean), poisson(random, mean * baselines)];
          return now + before === 0 ? [] : [{ ...row, network: `AS${String(i)}/DE`, now, before }];
        });
        wrong += failingNetworks(rows, baselines).length;
      }
      expect.soft([minutes, wrong]).toEqual([minutes, 0]);
    }
  });

  it('compares a spike with stretches of its own length', () => {
    expect(stretchOf(T, T + 5 * MINUTE)).toMatchObject({
      start: T / 1000,
      from: T / 1000,
      to: T / 1000 + 300,
      width: 300,
      baselines: 12,
      before: T / 1000 - 3600,
    });
    expect(stretchOf(T, T)).toMatchObject({ width: 10, baselines: 360 });
    const long = stretchOf(T, T + 600 * MINUTE);
    expect(long).toMatchObject({ width: 21_600, baselines: 1, before: T / 1000 - 21_600 });
    expect(long.from).toBe(T / 1000 + 600 * 60 - 21_600);
  });
});
