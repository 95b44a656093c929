/** What `localise` reads and says. */

export interface Cell {
  /** The values of this cell, by dimension, for example `{ network: 'AS3320/DE', release: '4.2.1' }`; what is absent or empty is no place. */
  readonly where: Readonly<Record<string, string>>;
  /** Failing clients now and in the baseline. */
  readonly failures: number;
  readonly baselineFailures: number;
  /** What they are a part of, now and in the baseline; 0 where unknown (exposure.ts says what is then thought). */
  readonly attempts: number;
  readonly baselineAttempts: number;
}

/** What is out of bounds or no number is read as the default. */
export interface LocaliseOptions {
  /** Without attempts: length of the window now ÷ length of the baseline window, > 0; default 1. */
  readonly baselineScale?: number;
  /** Dimensions to look at, in the order of preference among places that explain equally well; default: those of the cells, as met. Of more than ten the first ten. */
  readonly dimensions?: readonly string[];
  /** Values of how many dimensions may name one place, 1..3; default 3. */
  readonly maxDepth?: number;
  /** Places at most, >= 1; default 5. */
  readonly maxCauses?: number;
  /** Least share of the excess that a place must explain, 0..1; default 0.01. */
  readonly minShare?: number;
}

export interface Cause {
  readonly where: Readonly<Record<string, string>>;
  readonly failures: number;
  readonly attempts: number;
  /** failures ÷ attempts, or null where attempts are unknown; `low` and `high` bound it (or the failures) with 95 %. */
  readonly rate: number | null;
  readonly baselineRate: number | null;
  readonly low: number;
  readonly high: number;
  /** Share of the whole excess, 0..1. */
  readonly explained: number;
}

export interface Localisation {
  /** The best explanation; empty when no place explains more than "everywhere" does. */
  readonly causes: readonly Cause[];
  /** Single places that explain much as well, best first. */
  readonly alternatives: readonly Cause[];
  /** Share of the excess outside the causes, 0..1. */
  readonly unexplained: number;
  readonly reason: 'placed' | 'everywhere' | 'no_excess' | 'too_few' | 'not_in_these_dimensions';
}
