import { describe, expect, it } from 'vitest';
import { lowerQuantile, lowerTail, upperQuantile, upperTail } from '../../../analyzer/src/detect/tails.js';

function poissonTail(x: number, mean: number): number {
  let term = Math.exp(-mean);
  let below = 0;
  for (let k = 0; k < x; k++) {
    below += term;
    term *= mean / (k + 1);
  }
  return 1 - below;
}

describe('tails of counts', () => {
  it('agrees with the summed Poisson probabilities', () => {
    for (const mean of [0.05, 1, 4.2, 30]) {
      for (let x = 0; x < 40; x++) {
        expect(upperTail(x, mean, mean)).toBeCloseTo(poissonTail(x, mean), 10);
        expect(lowerTail(x, mean, mean) + upperTail(x + 1, mean, mean)).toBeCloseTo(1, 10);
      }
    }
  });

  it('agrees with the summed negative binomial probabilities', () => {
    const size = 3;
    const mean = 6;
    const q = mean / (mean + size);
    let term = (1 - q) ** size;
    let below = 0;
    for (let x = 0; x < 60; x++) {
      expect(upperTail(x, mean, mean + mean ** 2 / size)).toBeCloseTo(1 - below, 10);
      below += term;
      term *= (q * (size + x)) / (x + 1);
    }
  });

  it('stays positive and exact far out, where 1 - cdf would be 0', () => {
    // P(Poisson(1) >= 100) = e^-1 / 100! * (1 + 1/101 + ...)
    const expected = Math.exp(-1 - 363.7393755555635) * (1 + 1 / 101 + 1 / (101 * 102));
    expect(upperTail(100, 1, 1) / expected).toBeCloseTo(1, 5);
    expect(upperTail(1000, 10, 20)).toBeGreaterThan(0);
  });

  it('gives quantiles that bound the tail', () => {
    for (const [mean, variance] of [
      [0.01, 0.01],
      [2, 2],
      [50, 200],
      [1e5, 1e6],
    ] as const) {
      const high = upperQuantile(0.025, mean, variance);
      expect(upperTail(high + 1, mean, variance)).toBeLessThanOrEqual(0.025);
      if (high > 0) expect(upperTail(high, mean, variance)).toBeGreaterThan(0.025);
      expect(lowerTail(lowerQuantile(0.025, mean, variance) - 1, mean, variance)).toBeLessThanOrEqual(0.025);
    }
  });

  it('takes an expectation of nothing: one failure is certain news, none is none', () => {
    expect(upperTail(1, 0, 0)).toBe(0);
    expect(upperTail(0, 0, 0)).toBe(1);
  });

  it('ends for an expectation beyond all numbers, with edges in order', () => {
    for (const [mean, variance] of [
      [Infinity, Infinity],
      [1e300, 1e300],
      [1e16, 1e32],
      [1e12, 1e23],
      [NaN, NaN],
    ] as const) {
      const [low, high] = [lowerQuantile(0.025, mean, variance), upperQuantile(0.025, mean, variance)];
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeGreaterThanOrEqual(low);
      expect(high).toBeLessThanOrEqual(1e15);
    }
  });
});

describe('tails of a count that is a part of trials', () => {
  const trials = 40;
  /** P(X = k) of the binomial, for k of 0..trials. */
  function binomial(rate: number): number[] {
    const terms = [(1 - rate) ** trials];
    for (let k = 0; k < trials; k++) terms.push(((terms[k] ?? 0) * (trials - k) * rate) / ((k + 1) * (1 - rate)));
    return terms;
  }
  const sum = (terms: readonly number[]): number => terms.reduce((s, p) => s + p, 0);

  it("agree with the summed binomial probabilities, where the variance is no more than a count's", () => {
    for (const rate of [0.06, 0.3, 0.5, 0.9, 0.98]) {
      const terms = binomial(rate);
      const mean = rate * trials;
      for (let x = 0; x <= trials; x++) {
        expect(upperTail(x, mean, mean, trials)).toBeCloseTo(sum(terms.slice(x)), 9);
        expect(lowerTail(x, mean, mean, trials)).toBeCloseTo(sum(terms.slice(0, x + 1)), 9);
      }
    }
  });

  it('are those of a count without bound where few of the trials are expected', () => {
    expect(upperTail(5, 1, 1, 1_000)).toBe(upperTail(5, 1, 1));
    expect(lowerTail(0, 1, 1, 1_000)).toBe(lowerTail(0, 1, 1));
  });

  it('are wider where the variance is larger, and less so near all of the trials', () => {
    expect(upperTail(600, 500, 25_000, 1_000) / upperTail(600, 500, 500, 1_000)).toBeGreaterThan(1e6);
    expect(lowerTail(400, 500, 25_000, 1_000) / lowerTail(400, 500, 500, 1_000)).toBeGreaterThan(1e6);
    expect(lowerTail(600, 999, 999 + (0.05 * 999) ** 2, 1_000)).toBeLessThan(1e-100);
  });

  it('give quantiles that bound the tail and end with the trials', () => {
    for (const [mean, n] of [
      [9, 10],
      [30, 100],
      [0.01, 2],
      [100, 100],
      [2.5, 2.5],
    ] as const) {
      const [low, high] = [lowerQuantile(0.025, mean, mean, n), upperQuantile(0.025, mean, mean, n)];
      expect(high).toBeLessThanOrEqual(Math.ceil(n));
      expect(low).toBeLessThanOrEqual(high);
      if (high < n) expect(upperTail(high + 1, mean, mean, n)).toBeLessThanOrEqual(0.025);
      expect(lowerTail(low - 1, mean, mean, n)).toBeLessThanOrEqual(0.025);
    }
    expect(upperQuantile(0.025, 3, 3, 0)).toBe(0);
  });
});
