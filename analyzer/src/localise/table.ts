/** The cells as columns of numbers: places are summed over them hundreds of times. */
import type { Cell } from './cell.js';

export interface Table {
  readonly size: number;
  readonly dimensions: readonly string[];
  /** Names of the values of each dimension; cells hold their index. */
  readonly values: readonly (readonly string[])[];
  readonly codes: readonly Int32Array[];
  readonly failures: Float64Array;
  readonly before: Float64Array;
  /** What failures and those before are a part of: attempts where they are known, else lengths of time. */
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
  const attempts = column((cell) => cell.attempts);
  const attemptsBefore = column((cell) =>
    Math.max(usable(cell.baselineAttempts), usable(cell.baselineAttempts) > 0 ? cell.baselineFailures : 0),
  );
  const counted = attempts.some((n) => n > 0) && attemptsBefore.some((n) => n > 0);
  const exposure = counted ? attempts : new Float64Array(size).fill(usable(scale));
  const exposureBefore = counted ? attemptsBefore : new Float64Array(size).fill(1);
  const before = column((cell) => cell.baselineFailures);
  const values: string[][] = [];
  const codes = dimensions.map((dimension) => {
    const names: string[] = [];
    const known = new Map<string, number>();
    const coded = new Int32Array(size);
    for (let i = 0; i < size; i++) {
      const name = cells[i]?.where[dimension] ?? '';
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
    failures: column((cell) => cell.failures),
    before,
    exposure,
    exposureBefore,
    counted,
    usualRate,
  };
}

export function sumOf(column: Float64Array): number {
  let sum = 0;
  for (const value of column) sum += value;
  return sum;
}
