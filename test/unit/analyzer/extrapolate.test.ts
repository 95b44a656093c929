import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publish } from '../../../analyzer/src/publish/publish.js';
import type { Extrapolation } from '../../../analyzer/src/publish/shapes.js';
import { readSliceName, sliceName } from '../../../analyzer/src/server-metrics/stored-name.js';
import { extrapolate } from '../../../analyzer/src/watch/extrapolate.js';
import type { Stratum } from '../../../analyzer/src/watch/extrapolate.js';
import { strataOf } from '../../../analyzer/src/watch/strata.js';

const stratum = (failing: number, share: number, allPerS = 100): Stratum => ({
  failing,
  usual: 0,
  optedInPerS: share * allPerS,
  allPerS,
  sample: share * allPerS * 3_600,
});
const told = (e: Extrapolation) => {
  if (e.reason !== null) throw new Error(e.reason);
  return e;
};

describe('extrapolate', () => {
  it('weighs failing clients by the opt-in share of their stratum, not by the mean share', () => {
    // All fail where few opted in: the mean share of 30 % would tell 67.
    const { users } = told(extrapolate([stratum(20, 0.2), stratum(0, 0.4)]));
    expect(users).toBeCloseTo(100, 6);
    expect(told(extrapolate([stratum(20, 0.2), stratum(40, 0.4)])).users).toBeCloseTo(200, 6);
  });

  it('leaves out those who usually fail, and is less sure for it', () => {
    const without = told(extrapolate([stratum(30, 0.2), stratum(40, 0.4)]));
    const usual = told(extrapolate([{ ...stratum(40, 0.2), usual: 10 }, stratum(40, 0.4)]));
    expect(usual.users).toBeCloseTo(without.users, 6);
    expect(usual.high).toBeGreaterThan(without.high);
    expect(extrapolate([{ ...stratum(10, 0.2), usual: 12 }, stratum(1, 0.4)]).reason).toBe('no_excess');
  });

  it('has an interval of the counts alone where shares are equal, and a wider one the more they differ', () => {
    const width = (e: Extrapolation): number => Math.log(told(e).high / told(e).low);
    const even = told(extrapolate([stratum(50, 0.25), stratum(50, 0.25)]));
    // 100 failing clients of four each: sd 1/10.
    expect(Math.log(even.high / even.users)).toBeCloseTo(1.96 / 10, 6);
    const some = extrapolate([stratum(50, 0.2), stratum(50, 0.3)]);
    const much = extrapolate([stratum(50, 0.15), stratum(50, 0.35)]);
    expect(width(some)).toBeGreaterThan(1.5 * width(even));
    expect(width(much)).toBeGreaterThan(1.5 * width(some));
  });

  it('covers the truth in at least 93 of 100 worlds in which users of a stratum differ as strata do', () => {
    // Drawn by a fixed sequence: shares of strata, and of those who fail within each, vary by the same factor.
    let state = 7;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    let covered = 0;
    for (let world = 0; world < 400; world++) {
      const strata: Stratum[] = [];
      let truth = 0;
      const common = 0.4 * normal();
      for (let h = 0; h < 12; h++) {
        const share = 0.2 * Math.exp(0.4 * normal());
        const users = Math.round(60 * random());
        const ofFailing = Math.min(1, share * Math.exp(common));
        let failing = 0;
        for (let n = 0; n < users; n++) if (random() < ofFailing) failing++;
        truth += users;
        strata.push(stratum(failing, Math.min(1, share)));
      }
      const { low, high } = told(extrapolate(strata));
      if (low <= truth && truth <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(372);
  });

  it('says why there is none: no totals, too few covered, totals of other requests, shares too uneven', () => {
    const reason = (strata: Stratum[]): string | null => extrapolate(strata).reason;
    expect(reason([])).toBe('no_totals');
    expect(reason([{ ...stratum(20, 0.2), allPerS: 0 }])).toBe('no_totals');
    expect(reason([stratum(20, 0.2)])).toBe('uncovered');
    expect(reason([stratum(20, 0.2), stratum(5, 0.2), { ...stratum(5, 0.2), allPerS: 0 }])).toBe('uncovered');
    expect(reason([stratum(20, 0.2), stratum(20, 1.5)])).toBe('contradictory');
    expect(reason([stratum(20, 0.01), stratum(20, 0.9), stratum(5, 0.1)])).toBe('uneven');
  });

  it('never throws, and never tells fewer users than there are clients beyond the usual', () => {
    const some = fc.record({
      failing: fc.integer({ min: 0, max: 1_000 }),
      usual: fc.double({ min: 0, max: 1_000, noNaN: true }),
      optedInPerS: fc.double({ min: 0, max: 1_000 }),
      allPerS: fc.double({ min: 0, max: 1_000 }),
      sample: fc.integer({ min: 0, max: 1_000 }),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), (strata) => {
        const e = extrapolate(strata);
        if (e.reason !== null) return;
        expect(e.low).toBeGreaterThanOrEqual(strata.reduce((sum, s) => sum + s.failing - s.usual, 0));
        expect(e.high).toBeGreaterThanOrEqual(e.low);
      }),
    );
  });
});

describe('strata', () => {
  it('put failing clients, opted-in requests and the server’s own in one list by country and release', () => {
    const strata = strataOf(
      [
        { country: 'DE', release: '1', allNow: 4, allBefore: 3 },
        { country: 'DE', release: '1', allNow: 6, allBefore: 0 },
      ],
      6,
      [{ country: 'DE', release: '1', made: 7_200, sample: 720, bins: 12 }],
      [
        { name: sliceName('DE', '1'), rate: 10 },
        { name: sliceName('FR', '2'), rate: 5 },
        { name: 'latency_s', rate: 1 },
      ],
    );
    expect(strata).toEqual([
      { failing: 10, usual: 0.5, optedInPerS: 2, allPerS: 10, sample: 720 },
      { failing: 0, usual: 0, optedInPerS: 0, allPerS: 5, sample: 0 },
    ]);
    expect(readSliceName(sliceName('DE', '4.2.1+a'))).toEqual({ country: 'DE', release: '4.2.1+a' });
  });
});

describe('a published extrapolation', () => {
  const said = (clients: number, of: Extrapolation) => publish({ shape: 'all_users', failingClients: clients, of }, { k: 10 });

  it('has one digit and an interval rounded outwards, from k clients on, and else says why not', () => {
    const of: Extrapolation = { users: 1_234, low: 871, high: 1_790, reason: null };
    expect(said(40, of)).toEqual({ text: 'about 1000', low: 800, high: 2_000, note: null });
    expect(said(9, of)).toEqual({ text: null, low: null, high: null, note: 'too few clients failed' });
    expect(said(40, { users: null, reason: 'no_totals' }).note).toBe('the server tells no totals by country and release');
  });
});
