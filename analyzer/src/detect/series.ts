/** What `detect` and `expect` read and say. Counts are failing clients (distinct signers per bin), never repeats of one client. */

export interface Series {
  /** Start of the first bin, ms since the epoch. */
  readonly startMs: number;
  /** Width of a bin, ms; 10 s to 1 h. */
  readonly binMs: number;
  /** Failing clients per bin; null means that nothing is known of the bin, which is not zero. */
  readonly failures: readonly (number | null)[];
  /** Requests or clients that the failures are a part of, of the same records; where known the expected count scales with them. */
  readonly attempts?: readonly (number | null)[];
  /** Share of a bin's reports thought to have arrived, 0..1; default 1. */
  readonly completeness?: readonly number[];
  /** Relative sampling of a bin, > 0; default 1. The expected count scales with it. */
  readonly exposure?: readonly number[];
  /** An older, coarser series of the same thing, for the shape of a day and a week. */
  readonly history?: Series;
}

/** What was to be expected of one bin, from earlier bins only. */
export interface Expectation {
  readonly startMs: number;
  readonly observed: number | null;
  readonly expected: number;
  /** Band of the bin: 95 % of counts lie within it if nothing has changed. */
  readonly low: number;
  readonly high: number;
  /** P(at least as many as observed). 1 while learning and for bins without data. */
  readonly pValue: number;
  /** P(at most as many as observed): the dip test. 1 while learning and for bins without data. */
  readonly pValueLow: number;
  readonly learning: boolean;
}

export interface Spike {
  readonly startMs: number;
  /** Start of the first quiet bin after it; null while it lasts. */
  readonly endMs: number | null;
  /** Failing clients summed over its bins; one client counts once per bin. */
  readonly failures: number;
  readonly expected: number;
  readonly excess: number;
  /** The most failing clients in one bin. */
  readonly peak: number;
  /** Smallest p-value of the tests that opened it or were made while it lasted. */
  readonly pValue: number;
  /** When there was enough evidence: the end of the bin that opened it. */
  readonly foundMs: number;
}

export interface DetectOptions {
  /** Spikes per week allowed by chance over everything tested together; default 1. */
  readonly falseAlarmsPerWeek?: number;
  /** How many series are tested together; default 1. */
  readonly seriesTested?: number;
  /** Not used by this detector, which draws nothing at random; kept so that a call says all it depends on. */
  readonly seed?: number;
  /** Quiet history that a series needs before it is judged, ms; default 30 min. */
  readonly minHistoryMs?: number;
  /** How much quiet history is remembered, ms; default 2 h. */
  readonly baselineMs?: number;
  /** How long a bin waits before it may shape what is expected, ms; default 2 min and at least 6 bins. */
  readonly settleMs?: number;
  /** Failing clients that at least one bin of a spike must have; default 3, so that one broken device is no spike. */
  readonly minFailing?: number;
  /** Quiet time after which a spike is over, ms; default 60 s and at least 3 bins. */
  readonly quietMs?: number;
  /** A spike that lasts longer than this becomes the new normal, ms; default 24 h. */
  readonly maxSpikeMs?: number;
}

export const DETECT_DEFAULTS = {
  falseAlarmsPerWeek: 1,
  seriesTested: 1,
  seed: 0,
  minHistoryMs: 30 * 60_000,
  baselineMs: 2 * 3_600_000,
  settleMs: 120_000,
  minFailing: 3,
  quietMs: 60_000,
  maxSpikeMs: 24 * 3_600_000,
} as const satisfies Required<DetectOptions>;

/** One bin made safe to compute with: negative, NaN and infinite counts are no data; completeness and exposure are bounded. */
export interface Bin {
  readonly startMs: number;
  readonly failures: number | null;
  /** What the expected count is proportional to: attempts where known, else exposure, times completeness. */
  readonly exposure: number;
}

const count = (x: number | null | undefined): number | null => (typeof x === 'number' && Number.isFinite(x) && x >= 0 ? x : null);
const positive = (x: number | undefined, fallback: number): number => (typeof x === 'number' && Number.isFinite(x) && x > 0 ? x : fallback);

/** Completeness below which a bin is too empty to be judged or learnt from. */
const MIN_COMPLETENESS = 0.05;
/** How fast the forecast of a missing number of attempts follows the known ones. */
const ATTEMPTS_MEMORY = 0.2;

/**
 * The series as bins, each made from itself and earlier bins only. A missing number of attempts is forecast from the earlier ones;
 * bins before the first known one are no data, since nothing says what their failures are a part of.
 *
 * Never throws; a series without bins gives none.
 */
export function binsOf(series: Series): Bin[] {
  let forecast: number | null = null;
  return series.failures.map((raw, i) => {
    const startMs = series.startMs + i * series.binMs;
    const arrived = series.completeness === undefined ? 1 : Math.min(1, positive(series.completeness[i], 0));
    const failures = count(raw);
    const sampling = positive(series.exposure?.[i], 1) * Math.max(arrived, MIN_COMPLETENESS);
    if (series.attempts === undefined) return { startMs, failures: arrived < MIN_COMPLETENESS ? null : failures, exposure: sampling };
    const made: number | null = count(series.attempts[i]) ?? forecast;
    if (made === null) return { startMs, failures: null, exposure: sampling };
    const known = count(series.attempts[i]);
    if (known !== null) forecast = forecast === null ? known : forecast + ATTEMPTS_MEMORY * (known - forecast);
    return {
      startMs,
      failures: arrived < MIN_COMPLETENESS ? null : failures,
      exposure: sampling * Math.max(made, failures ?? 0, 1e-6),
    };
  });
}
