/** A series made safe to compute with, each bin from itself and earlier bins only. */
import type { Series } from './series.js';

export interface Bins {
  readonly count: number;
  /** Failing clients; NaN where nothing is known. */
  readonly failures: Float64Array;
  /** What the expected count is proportional to: attempts where known, times sampling, times completeness where these do not hold it. > 0. */
  readonly exposure: Float64Array;
  /** Of how many attempts the failures are a part, at least as many as they; undefined where the series tells of none. */
  readonly trials: Float64Array | undefined;
}

/** More than anyone could count; beyond it sums and squares lose their meaning. */
const MOST = 1e12;
/** Less than any load or sampling that something could be said of. */
const LEAST_EXPOSURE = 1e-9;
/** A count, or NaN where it is missing, negative, no number or beyond `MOST`. */
const count = (x: number | null | undefined): number => (typeof x === 'number' && x >= 0 && x <= MOST ? x : NaN);
/** Load or sampling, or NaN where it is none: beside ones of a thousand, a guess of one would make any count a spike. */
const sampling = (x: number | undefined): number => (x !== undefined && x >= LEAST_EXPOSURE && x <= MOST ? x : NaN);
/** Share that has arrived, 0 where it is no number; bins beyond the end of the list are whole. */
const share = (x: number | undefined): number => (x === undefined ? 1 : x > 0 ? Math.min(1, x) : 0);

/** Whether a number of ms can be the width of a bin: times are told in whole ones. */
export const isWidth = (ms: number): boolean => ms >= 1 && ms < Infinity;

/** Completeness below which a bin is too empty to be judged or learnt from. */
const MIN_COMPLETENESS = 0.05;
/** How fast the forecast of a missing number of attempts follows the known ones. */
const ATTEMPTS_MEMORY = 0.2;
const LEAST_ATTEMPTS = 1e-6;

/**
 * Counts that are negative, NaN, infinite or impossible (above 1e12) are no data, and so are bins whose exposure is given and is none (below 1e-9 or
 * above 1e12), bins of which less than a twentieth has arrived, bins in which nothing was attempted and nothing failed, and all bins of a series that starts
 * at no time.
 *
 * Attempts that are known are as complete as the failures. A missing number of them is forecast from the earlier ones, each brought to what it
 * will be when all has arrived; bins before the first known one are no data, since nothing says what their failures are a part of. Fewer
 * attempts than failures are read as as many.
 *
 * Never throws; a series without bins gives none.
 */
export function binsOf(series: Series): Bins {
  const { attempts, completeness, exposure: given } = series;
  const n = series.failures.length;
  const isTimed = Number.isFinite(series.startMs);
  const failures = new Float64Array(n);
  const exposure = new Float64Array(n);
  const trials = attempts === undefined ? undefined : new Float64Array(n);
  let forecast = NaN;
  let sampled = 1;
  for (let i = 0; i < n; i++) {
    const arrived = share(completeness?.[i]);
    const isEmpty = arrived < MIN_COMPLETENESS;
    const load = given === undefined ? 1 : sampling(given[i]);
    if (!Number.isNaN(load)) sampled = load;
    const failed = isEmpty || Number.isNaN(load) ? NaN : count(series.failures[i]);
    failures[i] = isTimed ? failed : NaN;
    exposure[i] = sampled * Math.max(arrived, MIN_COMPLETENESS);
    if (attempts === undefined || trials === undefined) continue;
    const known = isEmpty ? NaN : count(attempts[i]);
    const usual = Number.isNaN(known) ? forecast * Math.max(arrived, MIN_COMPLETENESS) : known;
    const made = failed > usual ? failed : usual;
    if (!(made > 0)) failures[i] = NaN;
    if (!Number.isNaN(made)) exposure[i] = sampled * Math.max(made, LEAST_ATTEMPTS);
    trials[i] = Number.isNaN(made) ? Infinity : made;
    if (!Number.isNaN(known))
      forecast = Number.isNaN(forecast) ? known / arrived : forecast + ATTEMPTS_MEMORY * (known / arrived - forecast);
  }
  return { count: n, failures, exposure, trials };
}
