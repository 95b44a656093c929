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
});
