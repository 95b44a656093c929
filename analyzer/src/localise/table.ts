/** The cells as columns of numbers: places are summed over them hundreds of times. */
import type { Cell } from './cell.js';
import { exposuresOf, sumOf } from './exposure.js';

export interface Table {
  readonly size: number;
  readonly dimensions: readonly string[];
  /** Names of the values of each dimension; cells hold their index, or -1 where they have no value: what is absent is no place. */
  readonly values: readonly (readonly string[])[];
  readonly codes: readonly Int32Array[];
  readonly failures: Float64Array;
  readonly before: Float64Array;
  /** As handed in; 0 where unknown. */
  readonly attempts: Float64Array;
  readonly attemptsBefore: Float64Array;
  /** What failures and those before are a part of: attempts as far as they are known, else lengths of time. */
  readonly exposure: Float64Array;
  readonly exposureBefore: Float64Array;
  /** Whether exposures are attempts. */
  readonly counted: boolean;
  /** Usual failures per exposure over all cells, and how many failures that rests on. */
  readonly usualRate: number;
}

/** The whole has this many failures more than were seen: an empty baseline must not make one failure a proof. */
const PRIOR_FAILURES = 0.5;

export const usable = (x: number): number => (Number.isFinite(x) && x > 0 ? x : 0);

/** @param scale - Without attempts: length of the window now ÷ length of the baseline window. */
export function tableOf(cells: readonly Cell[], dimensions: readonly string[], scale: number): Table {
  const size = cells.length;
  const column = (read: (cell: Cell) => number): Float64Array => Float64Array.from(cells, (cell) => usable(read(cell)));
  const failures = column((cell) => cell.failures);
  const before = column((cell) => cell.baselineFailures);
  const attempts = column((cell) => cell.attempts);
  const attemptsBefore = column((cell) => cell.baselineAttempts);
  const counted = exposuresOf({ failures, attempts, failuresBefore: before, attemptsBefore });
  const exposure = counted?.now ?? new Float64Array(size).fill(usable(scale));
  const exposureBefore = counted?.before ?? new Float64Array(size).fill(1);
  const values: string[][] = [];
  const codes = dimensions.map((dimension) => {
    const names: string[] = [];
    const known = new Map<string, number>();
    const coded = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const name = cells[i]?.where[dimension];
      if (typeof name !== 'string' || name === '') {
        coded[i] = -1;
        continue;
      }
      let code = known.get(name);
      if (code === undefined) {
        code = names.push(name) - 1;
        known.set(name, code);
      }
      coded[i] = code;
    }
    values.push(names);
    return coded;
  });
  const usualRate = (sumOf(before) + PRIOR_FAILURES) / Math.max(sumOf(exposureBefore), Number.MIN_VALUE);
  return {
    size,
    dimensions,
    values,
    codes,
    failures,
    before,
    attempts,
    attemptsBefore,
    exposure,
    exposureBefore,
    counted: counted !== undefined,
    usualRate,
  };
}
