import { describe, expect, it } from 'vitest';
import { Oracle } from '../../../cli/src/simulator/oracle.js';
import { poisson, stream } from '../../../cli/src/simulator/random.js';

describe('Oracle', () => {
  it('multiplies the likelihood ratios of all counts', () => {
    const oracle = new Oracle();
    for (let at = 10; at <= 30; at += 10) oracle.see(at, 2, 0.01, 0.99);
    expect(oracle.log10P).toBeCloseTo(-(6 * Math.log10(100) - 3 * 0.99 * Math.LOG10E), 6);
    expect(oracle.foundAt).toBe(30);
  });

  it('keeps what it has seen when the incident leaves off, and says nothing of what was no part of it', () => {
    const oracle = new Oracle();
    oracle.see(10, 5, 0.1, 1);
    const seen = oracle.log10P;
    for (let at = 20; at <= 1_000; at += 10) oracle.see(at, 0, 0.1, 1);
    oracle.see(1_010, 1_000, 0.1, 0);
    expect(oracle.log10P).toBe(seen);
  });

  it('is as sure as it says: where nothing happens it comes to 1 in 100 at most once in a hundred times', () => {
    const random = stream(3, 'oracle');
    const worlds = Array.from({ length: 2_000 }, () => {
      const oracle = new Oracle();
      for (let at = 10; at <= 1_000; at += 10) oracle.see(at, poisson(random, 0.2), 0.2, 0.1);
      return oracle.log10P;
    });
    expect(worlds.filter((p) => p <= -2).length).toBeLessThanOrEqual(20);
    expect(worlds.filter((p) => p <= -1).length).toBeGreaterThan(20);
  });

  it('stays finite where nothing ever fails, and has nothing to say of no incident', () => {
    const oracle = new Oracle();
    expect([oracle.log10P, oracle.foundAt]).toEqual([0, null]);
    for (let at = 10; at <= 1_000; at += 10) oracle.see(at, 5, 0, 1);
    expect([oracle.log10P, oracle.foundAt]).toEqual([-300, 10]);
  });
});
