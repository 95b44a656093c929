import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affectedClients } from '../../../analyzer/src/watch/affected.js';
import { poisson, stream } from '../../../cli/src/simulator/random.js';

describe('affectedClients', () => {
  const of = (parts: Partial<Parameters<typeof affectedClients>[0]>) =>
    affectedClients({ failing: 100, before: 0, baselines: 6, lateShare: 0, ...parts });

  it('takes off those that would have failed anyway, and adds those still on their way', () => {
    expect(of({})).toMatchObject({ clients: 100, high: 101 });
    expect(of({ before: 120 }).clients).toBe(80);
    expect(of({ before: 120 }).low).toBeLessThan(75);
    expect(of({ before: 120 }).high).toBeGreaterThan(87);
    expect(of({ failing: 10_000, lateShare: 0.02 })).toMatchObject({ clients: 10_102, low: 9_999 });
    expect(of({ failing: 10_000, lateShare: 0.02 }).high).toBeGreaterThan(10_204);
    expect(of({ failing: 10_000, lateShare: 0.02 }).high).toBeLessThan(10_400);
  });

  it('does not know how many of those of two days are the same', () => {
    const { clients, low, high } = of({ failing: 60, failingOnAllDays: 100 });
    expect([clients, high]).toEqual([80, 101]);
    expect(low).toBeLessThanOrEqual(60);
  });

  it('counts those whom a sample of their failures does not hear', () => {
    const { clients, low, high } = of({ unseen: { times: 5, low: 4, high: 6 } });
    expect(clients).toBe(500);
    expect(low).toBeLessThanOrEqual(400);
    expect(high).toBeGreaterThanOrEqual(600);
  });

  it('holds the truth in 93 of 100 spikes and more', () => {
    const random = stream(11, 'affected');
    let held = 0;
    const rounds = 2_000;
    for (let i = 0; i < rounds; i++) {
      const [level, hit, baselines, late] = [
        30 * random() ** 3,
        Math.round(3 + 2_000 * random() ** 4),
        1 + Math.floor(20 * random()),
        0.03,
      ];
      const truth = poisson(random, hit);
      const onTheirWay = Math.min(truth, poisson(random, truth * late));
      const { low, high } = affectedClients({
        failing: truth - onTheirWay + poisson(random, level),
        before: poisson(random, level * baselines),
        baselines,
        lateShare: late,
      });
      if (low <= truth && truth <= high) held++;
    }
    expect(held / rounds).toBeGreaterThan(0.93);
  });

  it('stays in order, whatever it is given', () => {
    const number = fc.oneof(fc.nat(5000), fc.double(), fc.constantFrom(NaN, Infinity, -3));
    fc.assert(
      fc.property(number, number, number, number, (failing, before, baselines, lateShare) => {
        const { clients, low, high } = affectedClients({ failing, before, baselines, lateShare });
        expect(low).toBeGreaterThanOrEqual(0);
        expect(clients).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(clients);
      }),
    );
  });
});
