import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { localise } from '../../../analyzer/src/localise/localise.js';
import { outstanding } from '../../../analyzer/src/localise/stand-out.js';
import type { Cell } from '../../../analyzer/src/localise/cell.js';

const NETWORKS = ['AS1/DE', 'AS2/DE', 'AS3/FR', 'AS4/FR', 'AS5/US', 'AS6/US', 'AS7/BR', 'AS8/IN', 'AS9/IN', 'AS10/JP'];
const RELEASES = ['4.2.0', '4.2.1'];

/** Ten networks in six countries, two releases; two failures per hour each, and what `lift` adds now. */
function world(lift: (where: Record<string, string>) => number, baseline = 2): Cell[] {
  return NETWORKS.flatMap((network) =>
    RELEASES.map((release) => {
      const where = { network, country: network.split('/')[1] ?? '', release };
      return { where, failures: lift(where), baselineFailures: baseline, attempts: 0, baselineAttempts: 0 };
    }),
  );
}
const options = { baselineScale: 0.05, dimensions: ['network', 'country', 'release'] };
const places = (cells: Cell[], extra = {}) => localise(cells, { ...options, ...extra }).causes.map((c) => c.where);

describe('localise', () => {
  it('names the one network that fails', () => {
    const result = localise(
      world((w) => (w['network'] === 'AS3/FR' ? 15 : 0)),
      options,
    );
    expect(result.causes.map((c) => c.where)).toEqual([{ network: 'AS3/FR' }]);
    expect(result.causes[0]?.explained).toBeGreaterThan(0.95);
    expect(result.reason).toBe('placed');
  });

  it('names the country when all of its networks fail', () => {
    expect(places(world((w) => (w['country'] === 'DE' ? 12 : 0)))).toEqual([{ country: 'DE' }]);
  });

  it('names the release when it fails in every network', () => {
    expect(places(world((w) => (w['release'] === '4.2.1' ? 8 : 0)))).toEqual([{ release: '4.2.1' }]);
  });

  it('names a release inside a network when only both together fail', () => {
    expect(places(world((w) => (w['release'] === '4.2.1' && w['network'] === 'AS5/US' ? 30 : 0)))).toEqual([
      { network: 'AS5/US', release: '4.2.1' },
    ]);
  });

  it('names two networks of different countries', () => {
    const found = places(world((w) => (w['network'] === 'AS3/FR' || w['network'] === 'AS8/IN' ? 15 : 0)));
    expect(new Set(found.map((w) => w['network']))).toEqual(new Set(['AS3/FR', 'AS8/IN']));
  });

  it('names two networks of one country rather than the country, when its others are well', () => {
    const cells = ['AS1/DE', 'AS2/DE', 'AS3/DE', 'AS4/DE', 'AS5/FR', 'AS6/US'].map((network) => ({
      where: { network, country: network.slice(-2), release: '1' },
      failures: network === 'AS1/DE' || network === 'AS2/DE' ? 30 : 0,
      baselineFailures: 4,
      attempts: 0,
      baselineAttempts: 0,
    }));
    expect(new Set(places(cells).map((w) => w['network']))).toEqual(new Set(['AS1/DE', 'AS2/DE']));
  });

  it('names two releases inside a country, not the country, when its other releases are well', () => {
    const cells: Cell[] = ['DE', 'FR', 'US', 'BR', 'IN', 'JP'].flatMap((country, c) =>
      Array.from({ length: 30 }, (_, i) => {
        const release = `r${i % 6}`;
        const failures = country === 'DE' && (release === 'r1' || release === 'r3') ? 60 : 0;
        const where = { network: `AS${c * 5 + Math.floor(i / 6)}`, country, release };
        return { where, failures, attempts: 1_000, baselineFailures: 1, baselineAttempts: 6_000 };
      }),
    );
    expect(new Set(localise(cells, { dimensions: options.dimensions }).causes.map((c) => c.where))).toEqual(
      new Set([
        { country: 'DE', release: 'r1' },
        { country: 'DE', release: 'r3' },
      ]),
    );
  });

  it('names no absent value: cells without a release are no release', () => {
    const cells: Cell[] = NETWORKS.slice(0, 8).flatMap((network) =>
      [undefined, '', '1', '2', '3', '4'].map((release) => {
        const where: Record<string, string> = release === undefined ? { network } : { network, release };
        const isFailing = release === undefined || release === '';
        return { where, failures: isFailing ? 40 : 0, attempts: 1_000, baselineFailures: 1, baselineAttempts: 6_000 };
      }),
    );
    const { causes, alternatives } = localise(cells);
    expect(causes).toEqual([]);
    expect(alternatives.filter((c) => c.where['release'] === '')).toEqual([]);
  });

  it('does not take three failures for a cause where the place is too small to have failed before', () => {
    const cells = Array.from({ length: 300 }, (_, n) => ({
      where: { network: `AS${n}`, release: String(n % 7) },
      failures: n === 17 ? 3 : n % 100 === 0 ? 1 : 0,
      baselineFailures: n % 10 === 0 ? 1 : 0,
      attempts: 50,
      baselineAttempts: 300,
    }));
    expect(localise(cells).causes).toEqual([]);
  });

  it('says everywhere when all fail alike', () => {
    const result = localise(
      world(() => 9),
      options,
    );
    expect(result.causes).toEqual([]);
    expect(result.reason).toBe('everywhere');
    expect(result.unexplained).toBe(1);
  });

  it('says everywhere when a country fails half as often again as the others, and names it when it fails fifty times as often', () => {
    const cells = (times: number): Cell[] =>
      world(() => 0).map((c) => ({
        ...c,
        failures: 100 * (c.where['country'] === 'DE' ? times : 1),
        attempts: 10_000,
        baselineAttempts: 200_000,
      }));
    expect(localise(cells(1.5), options)).toMatchObject({ causes: [], reason: 'everywhere' });
    expect(localise(cells(50), options).causes.map((c) => c.where)).toEqual([{ country: 'DE' }]);
  });

  it('names a country as one place, though one of its networks fails half as often again', () => {
    const lift = (w: Record<string, string>): number => (w['country'] !== 'DE' ? 0 : w['network'] === 'AS1/DE' ? 450 : 300);
    const cells = world(lift).map((c) => ({ ...c, attempts: 1_000, baselineAttempts: 20_000 }));
    expect(localise(cells, options).causes.map((c) => c.where)).toEqual([{ country: 'DE' }]);
  });

  it('names a network and the country around it, when its other networks fail as well, if far less', () => {
    const cells: Cell[] = ['DE', 'FR', 'US', 'BR'].flatMap((country) =>
      Array.from({ length: 20 }, (_, n) => ({
        where: { network: `${country}${n}`, country, release: '1' },
        failures: country !== 'DE' ? 0 : n === 7 ? 300 : 20,
        attempts: 1_000,
        baselineFailures: 1,
        baselineAttempts: 6_000,
      })),
    );
    const { causes } = localise(cells, { dimensions: options.dimensions });
    expect(causes).toMatchObject([
      { where: { network: 'DE7' }, failures: 300, attempts: 1_000 },
      { where: { country: 'DE' }, failures: 380, attempts: 19_000, rate: 0.02 },
    ]);
  });

  it('prefers the network when a country holds one network only, and gives the country as alternative', () => {
    const result = localise(
      world((w) => (w['network'] === 'AS10/JP' ? 20 : 0)),
      options,
    );
    expect(result.causes.map((c) => c.where)).toEqual([{ network: 'AS10/JP' }]);
    expect(result.alternatives.map((c) => c.where)).toContainEqual({ country: 'JP' });
  });

  it('places a network whose failures are the first ever seen, when other networks are known to have clients', () => {
    const cell = (network: string, failures: number): Cell => ({
      where: { network, country: network.slice(-2), release: '1' },
      failures,
      baselineFailures: 0,
      attempts: 0,
      baselineAttempts: 0,
    });
    expect(places([cell('AS1/DE', 20)])).toEqual([]);
    expect(places([cell('AS1/DE', 20), cell('AS2/FR', 0), cell('AS3/US', 0)])).toEqual([{ network: 'AS1/DE' }]);
  });

  it('judges by rates where attempts are known: the largest network is not the cause for being large', () => {
    const cells = world(() => 0).map((c) => {
      const big = c.where['network'] === 'AS1/DE';
      const attempts = big ? 10_000 : 500;
      return {
        ...c,
        attempts,
        baselineAttempts: attempts,
        baselineFailures: attempts / 100,
        failures: c.where['network'] === 'AS8/IN' ? 100 : attempts / 100,
      };
    });
    expect(localise(cells, { ...options, baselineScale: 1 }).causes.map((c) => c.where)).toEqual([{ network: 'AS8/IN' }]);
  });

  it('names no place for one or two failures, and none for a fall', () => {
    expect(
      localise(
        world((w) => (w['network'] === 'AS1/DE' ? 1 : 0)),
        options,
      ).reason,
    ).toBe('no_excess');
    expect(
      localise(
        world(() => 0),
        options,
      ).reason,
    ).toBe('no_excess');
    expect(
      localise([{ where: { network: 'AS1/DE' }, failures: 2, baselineFailures: 0, attempts: 0, baselineAttempts: 0 }], options).reason,
    ).toBe('too_few');
    expect(localise([], options).causes).toEqual([]);
  });

  it('knows any dimension names, and says so when there is none', () => {
    const cells = ['a', 'b', 'c', 'd'].map((edge) => ({
      where: { edge },
      failures: edge === 'b' ? 40 : 1,
      baselineFailures: 1,
      attempts: 0,
      baselineAttempts: 0,
    }));
    expect(localise(cells).causes.map((c) => c.where)).toEqual([{ edge: 'b' }]);
    expect(localise([{ where: {}, failures: 40, baselineFailures: 1, attempts: 0, baselineAttempts: 0 }]).reason).toBe(
      'not_in_these_dimensions',
    );
  });

  it('survives unusable numbers and keeps shares within 0 and 1', () => {
    const number = fc.oneof(fc.nat(1000), fc.constantFrom(NaN, -5, Infinity, 0.5));
    const cell = fc.record({
      where: fc.record({ network: fc.constantFrom(...NETWORKS), release: fc.constantFrom(...RELEASES) }),
      failures: number,
      baselineFailures: number,
      attempts: number,
      baselineAttempts: number,
    });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 40 }), (cells) => {
        const { causes, unexplained } = localise(cells);
        expect(unexplained).toBeGreaterThanOrEqual(0);
        expect(unexplained).toBeLessThanOrEqual(1);
        for (const c of causes) expect(c.explained).toBeGreaterThanOrEqual(0);
        for (const c of causes) expect(c.explained).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
});

describe('outstanding', () => {
  const cells = world((w) => (w['country'] === 'DE' ? 40 : w['country'] === 'FR' ? 20 : w['country'] === 'US' ? 10 : 12));

  it('keeps of the given places those that fail twice as often as what lies outside of them', () => {
    expect(outstanding(cells, [{ country: 'FR' }, { country: 'DE' }, { country: 'US' }], options)).toEqual([{ country: 'DE' }]);
    expect(
      outstanding(
        world(() => 9),
        [{ country: 'FR' }],
        options,
      ),
    ).toEqual([]);
  });

  it('drops a place that holds no cell', () => {
    expect(outstanding(cells, [{ country: 'ZZ' }, { network: 'AS1/DE' }], options)).toEqual([{ network: 'AS1/DE' }]);
    expect(outstanding([], [{ country: 'DE' }], options)).toEqual([]);
  });

  it('names the network that fails, however many more its failures are than what is known of its size', () => {
    const cells = ['GB', 'DE', 'FR', 'US', 'JP'].flatMap((country) =>
      Array.from({ length: 12 }, (_, n) => ({
        where: { network: `AS${n}/${country}`, country },
        failures: country === 'GB' && n === 0 ? 2_000 : Number(n % 4 === 0),
        baselineFailures: Number(n % 3 === 0),
        attempts: 20,
        baselineAttempts: 20,
      })),
    );
    expect(localise(cells, { dimensions: ['network', 'country'] }).causes.map(({ where }) => where)).toEqual([{ network: 'AS0/GB' }]);
  });
});
