/** What `localise` says where there is no cause, and where the baseline was no quiet one. */
import { describe, expect, it } from 'vitest';
import { localise } from '../../../analyzer/src/localise/localise.js';
import type { Cell } from '../../../analyzer/src/localise/cell.js';

/** Park and Miller 1988: the same numbers on every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

type Where = Record<'network' | 'release' | 'host', string>;
const WHERES: readonly Where[] = Array.from({ length: 4_000 }, (_, i) => ({
  network: `n${i % 100}`,
  release: `r${Math.floor(i / 100) % 8}`,
  host: `h${Math.floor(i / 800)}`,
}));
/** Of 100 requests of each cell and 600 before, as many fail as `rate` and `before` say. */
function cells(seed: number, rate: (where: Where, i: number) => number, before: (where: Where) => number = () => 0.001): Cell[] {
  const random = randomOf(seed);
  const drawn = (n: number, p: number): number => {
    let count = 0;
    for (let k = 0; k < n; k++) if (random() < p) count++;
    return count;
  };
  return WHERES.map((where, i) => ({
    where,
    attempts: 100,
    baselineAttempts: 600,
    failures: drawn(100, rate(where, i)),
    baselineFailures: drawn(600, before(where)),
  }));
}

describe('why localise names no place', () => {
  it('says no excess where there are no more failures than by chance', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const { causes, reason } = localise(cells(seed, () => 0.001));
      expect(causes).toEqual([]);
      expect(['no_excess', 'too_few']).toContain(reason);
    }
  });

  it('says everywhere where all cells fail more, however many times', () => {
    for (const rate of [0.004, 0.02, 0.3]) expect(localise(cells(7, () => rate))).toMatchObject({ causes: [], reason: 'everywhere' });
  });

  it('says that it lies in none of these dimensions where few cells fail much and no name tells which', () => {
    const hidden = cells(8, (_, i) => ((i * 7_919) % 4_001 < 80 ? 0.2 : 0.001));
    expect(localise(hidden)).toMatchObject({ causes: [], reason: 'not_in_these_dimensions' });
  });
});

describe('a baseline that lies inside an earlier spike', () => {
  const earlier = (where: Where): number => (where.network === 'n3' ? 0.3 : 0.001);

  it('does not hide the place that fails now, and no place explains more than all', () => {
    const { causes, reason } = localise(cells(9, (where) => (where.network === 'n42' ? 0.03 : 0.001), earlier));
    expect(causes.map((c) => c.where)).toEqual([{ network: 'n42' }]);
    expect(reason).toBe('placed');
    expect(causes[0]?.explained).toBeLessThanOrEqual(1);
  });

  it('names none where nothing fails any more', () => {
    expect(localise(cells(10, () => 0.001, earlier))).toMatchObject({ causes: [], reason: 'no_excess' });
  });
});
