/**
 * Tail probabilities of the Poisson and negative binomial distributions, exact down to about 1e-300: alarms are decided far
 * out in the tail, where `1 - cdf` would be 0.
 *
 * Formulas: P(Poisson(m) >= x) = P(x, m), the regularised lower incomplete gamma; P(NB(size r, mean m) >= x) = I_q(x, r) with
 * q = m / (m + r), the regularised incomplete beta. Series and continued fractions after Abramowitz & Stegun §6.5 and §26.5,
 * evaluated by Lentz's method.
 */

const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;
const TINY = 1e-300;
const MAX_STEPS = 20_000;

/** ln Γ(x) for x > 0, to about 1e-13 relative. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += (LANCZOS[i] ?? 0) / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

const FACTORIALS = 1_024;
const logFactorials = new Float64Array(FACTORIALS);
for (let n = 2; n < FACTORIALS; n++) logFactorials[n] = (logFactorials[n - 1] ?? 0) + Math.log(n);

/** ln n! for a whole n >= 0. */
function logFactorial(n: number): number {
  return n < FACTORIALS ? (logFactorials[n] ?? 0) : logGamma(n + 1);
}

/** ln P(Poisson(mean) = x), x rounded up. */
export function logPoisson(x: number, mean: number): number {
  const count = Math.ceil(x);
  return mean > 0 ? count * Math.log(mean) - mean - logFactorial(count) : -Infinity;
}

function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MAX_STEPS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * 1e-15) break;
  }
  return sum * Math.exp(a * Math.log(x) - x - logGamma(a));
}

function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MAX_STEPS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / nonZero(an * d + b);
    c = nonZero(b + an / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h * Math.exp(a * Math.log(x) - x - logGamma(a));
}

function nonZero(x: number): number {
  return Math.abs(x) < TINY ? TINY : x;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / nonZero(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m < MAX_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / nonZero(1 + even * d);
    c = nonZero(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / nonZero(1 + odd * d);
    c = nonZero(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return h;
}

function beta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Above this ratio of size to mean a negative binomial is treated as Poisson. */
const POISSON_SIZE = 1e6;

function sizeOf(mean: number, variance: number): number {
  const over = variance - mean;
  return over <= 0 ? Infinity : (mean * mean) / over;
}

/** Share of the trials from which on their number bounds the count; below, failures are rare and a negative binomial does. */
const RARE = 0.05;
/** No count is larger: beyond it neighbours are the same number. */
export const MOST = 1e15;

/** Whether `trials` are so many that they hardly bound a count with this mean. */
export const isRare = (mean: number, trials: number): boolean => !(mean > RARE * trials);

const bounded = (x: number): number => (x > 0 ? Math.min(x, MOST) : 0);
const clamp = (p: number): number => (Number.isNaN(p) ? 1 : Math.min(1, Math.max(0, p)));

/**
 * The binomial of as many independent trials as say the same: their rate, `count` of them, and the others and one. The excess over the binomial variance
 * is one of the rarer of the two outcomes: a level near all of the trials cannot stray by as much of itself as a low one. Half of one trial is left to the
 * other outcome even where all are expected (Krichevsky & Trofimov).
 */
function effective(count: number, mean: number, variance: number, trials: number): readonly [number, number, number] {
  const rate = Math.min(mean / trials, 1 - 0.5 / Math.max(trials, 1));
  const excess = Math.max(0, variance - mean) * Math.min(1, (1 - rate) / rate) ** 2;
  const design = 1 + excess / (mean * (1 - rate));
  const hits = Math.min(count, trials) / design;
  return [rate, hits, Math.max(trials / design - hits, 0) + 1];
}

/**
 * P(X >= x) of a count with this mean and variance: Poisson where the variance does not exceed the mean, else negative binomial. Where
 * more than a twentieth of `trials` is expected, binomial, with trials and successes divided by the variance's excess over the binomial one
 * (the effective sample size of Rao & Scott 1992, in place of a beta-binomial).
 *
 * @param x - Observed count, any number >= 0 (a fraction is read as the next whole number); above `trials` it is read as all of them.
 * @param mean - Expected count, >= 0; above 1e15 it is read as that. @param variance - Variance, >= mean where over-dispersed.
 * @param trials - Of which the count is a part, > 0.
 * @returns 0..1. Never throws.
 */
export function upperTail(x: number, mean: number, variance: number, trials = Infinity): number {
  const count = Math.ceil(x);
  if (count <= 0) return 1;
  const m = bounded(mean);
  if (m === 0) return 0;
  if (!isRare(m, trials)) return clamp(beta(...effective(count, m, variance, trials)));
  const size = sizeOf(m, variance);
  if (size > POISSON_SIZE * Math.max(1, m)) return clamp(m < count + 1 ? gammaSeries(count, m) : 1 - gammaFraction(count, m));
  return clamp(beta(m / (m + size), count, size));
}

/** P(X <= x) of the same count; the dip test. Parameters as of `upperTail`, but a fraction is read as the whole number below. */
export function lowerTail(x: number, mean: number, variance: number, trials = Infinity): number {
  const above = Math.floor(x) + 1;
  if (above <= 0) return 0;
  const m = bounded(mean);
  if (m === 0 || above > trials) return 1;
  if (!isRare(m, trials)) {
    const [rate, hits, rest] = effective(above, m, variance, trials);
    return clamp(beta(1 - rate, rest, hits));
  }
  const size = sizeOf(m, variance);
  if (size > POISSON_SIZE * Math.max(1, m)) return clamp(m < above + 1 ? 1 - gammaSeries(above, m) : gammaFraction(above, m));
  return clamp(beta(size / (m + size), size, above));
}

/** The smallest count c with P(X > c) <= tail, at most all of the trials or 1e15: the upper edge of a band. Parameters as of `upperTail`. */
export function upperQuantile(tail: number, mean: number, variance: number, trials = Infinity): number {
  const m = bounded(mean);
  const most = Math.min(MOST, Math.ceil(trials));
  let low = -1;
  let high = Math.min(most, Math.ceil(m + 4 * Math.sqrt(Math.max(bounded(variance), m)) + 4));
  while (high < most && upperTail(high + 1, m, variance, trials) > tail) high = Math.min(most, high * 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (upperTail(middle + 1, m, variance, trials) <= tail) high = middle;
    else low = middle;
  }
  return high;
}

/** The largest count c with P(X < c) <= tail: the lower edge of a band. Parameters as of `upperTail`. */
export function lowerQuantile(tail: number, mean: number, variance: number, trials = Infinity): number {
  let low = 0;
  let high = Math.min(Math.ceil(bounded(mean)), Math.ceil(trials)) + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (lowerTail(middle - 1, mean, variance, trials) <= tail) low = middle;
    else high = middle;
  }
  return low;
}
