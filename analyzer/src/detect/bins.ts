/** A series made safe to compute with, each bin from itself and earlier bins only. */
import type { Series } from './series.js';

export interface Bins {
  readonly count: number;
  /** Failing clients; NaN where nothing is known. */
  readonly failures: Float64Array;
  /** What the expected count is proportional to: attempts where known, else exposure, times completeness. > 0. */
  readonly exposure: Float64Array;
}

/** More than anyone could count; beyond it sums and squares lose their meaning. */
const MOST = 1e12;
/** A count, or NaN where it is missing, negative, no number or beyond `MOST`. */
const count = (x: number | null | undefined): number => (typeof x === 'number' && x >= 0 && x <= MOST ? x : NaN);
const positive = (x: number | undefined, fallback: number): number => (x !== undefined && x > 0 && x <= MOST ? x : fallback);

/** Completeness below which a bin is too empty to be judged or learnt from. */
const MIN_COMPLETENESS = 0.05;
/** How fast the forecast of a missing number of attempts follows the known ones. */
const ATTEMPTS_MEMORY = 0.2;
const LEAST_ATTEMPTS = 1e-6;

/**
 * Negative, NaN, infinite and impossible (above 1e12) counts are no data; completeness and exposure are bounded. A missing number of attempts is forecast from the
 * earlier ones; bins before the first known one are no data, since nothing says what their failures are a part of. Fewer attempts than
 * failures are read as as many.
 *
 * Never throws; a series without bins gives none.
 */
export function binsOf(series: Series): Bins {
  const n = series.failures.length;
  const { attempts, completeness, exposure: sampled } = series;
  const failures = new Float64Array(n);
  const exposure = new Float64Array(n);
  let forecast = NaN;
  for (let i = 0; i < n; i++) {
    const arrived = completeness === undefined ? 1 : Math.min(1, positive(completeness[i], 0));
    const failed = arrived < MIN_COMPLETENESS ? NaN : count(series.failures[i]);
    const sampling = positive(sampled?.[i], 1) * Math.max(arrived, MIN_COMPLETENESS);
    failures[i] = failed;
    exposure[i] = sampling;
    if (attempts === undefined) continue;
    const known = count(attempts[i]);
    const made = Number.isNaN(known) ? forecast : known;
    if (Number.isNaN(made)) failures[i] = NaN;
    else exposure[i] = sampling * Math.max(made, Number.isNaN(failed) ? 0 : failed, LEAST_ATTEMPTS);
    if (!Number.isNaN(known)) forecast = Number.isNaN(forecast) ? known : forecast + ATTEMPTS_MEMORY * (known - forecast);
  }
  return { count: n, failures, exposure };
}
