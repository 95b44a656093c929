/** What `detect` and `expect` read and say. Counts are failing clients (distinct signers per bin), never repeats of one client. */

export interface Series {
  /** Start of the first bin, ms since the epoch. */
  readonly startMs: number;
  /** Width of a bin, ms; 10 s to 1 h. What is no number of 1 ms or more is read as a minute. */
  readonly binMs: number;
  /** Failing clients per bin; null means that nothing is known of the bin, which is not zero. */
  readonly failures: readonly (number | null)[];
  /** Requests or clients that the failures are a part of, of the same records and as complete as they; where known the expected count scales with them. */
  readonly attempts?: readonly (number | null)[];
  /** Share of a bin's reports thought to have arrived, 0..1; default 1, also beyond the end of the list. Below 0.05 the bin is no data. */
  readonly completeness?: readonly number[];
  /** Relative sampling or load of a bin, 1e-9..1e12; default 1. The expected count scales with it. Where it is given and is none, the bin is no data. */
  readonly exposure?: readonly number[];
  /** An older, coarser series of the same thing and the same units, for the level and the shape of a day and a week; read up to the start of this one. */
  readonly history?: Series;
  /** What is known of the level from elsewhere, for a series too sparse to teach it. */
  readonly prior?: Prior;
}

/** A gamma prior of the level. */
export interface Prior {
  /** Failing clients per bin of exposure 1 (or per attempt), > 0. */
  readonly perBin: number;
  /** How many failures of its own the series has to show before it outweighs this, > 0; the shape of the gamma distribution. */
  readonly weight: number;
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
  /** P-value of the sum that opened it. */
  readonly pValue: number;
  /** When there was enough evidence: the end of the bin that opened it. */
  readonly foundMs: number;
}

/** What is negative, infinite or no number is read as the default. */
export interface DetectOptions {
  /** Spikes per week allowed by chance over everything tested together, >= 0; default 1. */
  readonly falseAlarmsPerWeek?: number;
  /** How many series share that budget, >= 1; default 1. */
  readonly seriesTested?: number;
  /** Not used by this detector, which draws nothing at random; kept so that a call says all it depends on. */
  readonly seed?: number;
  /** History that a series without any prior knowledge needs before it is judged, ms, at least 6 bins; default 30 min. */
  readonly minHistoryMs?: number;
  /** Time constant with which the quiet past is forgotten, ms, at least 24 bins; default 2 h. */
  readonly baselineMs?: number;
  /** The longest sum that is tested (at most a day), and how long a bin waits before it may shape what is expected, ms, at least 6 bins; default 1 h. */
  readonly longestMs?: number;
  /**
   * Failing clients that one bin of a spike must have, or it must be one without a device (`minFailing` - 2 of them) that is counted in every bin, >= 0; default 3.
   */
  readonly minFailing?: number;
  /** Failing clients that a spike must have in all its bins together, >= 0; default 3. */
  readonly minTotal?: number;
  /** How many times the expected a spike must be at least, >= 0; default 1.5. */
  readonly minRatio?: number;
  /** Relative sd by which the true level strays within hours, beyond chance, >= 0; default 0.1, with attempts 0.05. */
  readonly levelSd?: number;
  /** Variance ÷ mean of the counts that is known from elsewhere, >= 1: what the series' own is drawn to; above 1 counts come in bursts. Default 1. */
  readonly dispersion?: number;
  /** Quiet time after which a spike may be over, ms, at least 3 bins; default 60 s. */
  readonly quietMs?: number;
  /** A spike that lasts longer than this becomes the new normal, ms, at least 24 bins; default 24 h. */
  readonly maxSpikeMs?: number;
}

export const DETECT_DEFAULTS = {
  falseAlarmsPerWeek: 1,
  seriesTested: 1,
  minHistoryMs: 30 * 60_000,
  baselineMs: 2 * 3_600_000,
  longestMs: 3_600_000,
  minFailing: 3,
  minTotal: 3,
  minRatio: 1.5,
  levelSd: 0.1,
  dispersion: 1,
  quietMs: 60_000,
  maxSpikeMs: 24 * 3_600_000,
} as const satisfies DetectOptions;

/** The options with defaults for what is missing or no number; none is negative. */
export function withDefaults(options: DetectOptions): Required<Omit<DetectOptions, 'seed'>> {
  const given = Object.entries(options).filter(([, value]) => typeof value === 'number' && value >= 0 && value < Infinity);
  return { ...DETECT_DEFAULTS, ...Object.fromEntries(given) };
}
