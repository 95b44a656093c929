/** What the failures of each cell are a part of, where attempts are known of some cells and not of others. Pure. */

export interface Exposures {
  readonly now: Float64Array;
  readonly before: Float64Array;
}

/** Columns of cells, one number a cell, each >= 0; attempts of 0 are unknown or none. */
export interface Counted {
  readonly failures: Float64Array;
  readonly attempts: Float64Array;
  readonly failuresBefore: Float64Array;
  readonly attemptsBefore: Float64Array;
}

/**
 * Attempts, those that are not known at least as many as failures; undefined where none are known of any cell, now or before.
 *
 * Where failures without attempts are the only ones of a cell, it is thought to be as large as the median of those that are known: as many attempts as
 * failures, now and before, would say that it always failed. Where one time is known and the other has failures, the known one is brought to
 * the length of the other. A cell of which nothing is known holds nothing.
 */
export function exposuresOf({ failures, attempts, failuresBefore, attemptsBefore }: Counted): Exposures | undefined {
  const [known, knownBefore] = [attempts.filter((n) => n > 0), attemptsBefore.filter((n) => n > 0)];
  if (known.length === 0 || knownBefore.length === 0) return undefined;
  const [now, before] = [attempts.slice(), attemptsBefore.slice()];
  let median: readonly [number, number] | undefined;
  for (let i = 0; i < now.length; i++) {
    const [failed, failedBefore] = [failures[i] as number, failuresBefore[i] as number];
    const [made, madeBefore] = [now[i] as number, before[i] as number];
    if (failed === 0 && failedBefore === 0) continue;
    if (made === 0 && madeBefore === 0) [now[i], before[i]] = median ??= [medianOf(known), medianOf(knownBefore)];
    else if (madeBefore === 0 && failedBefore > 0) before[i] = (made * sumOf(knownBefore)) / sumOf(known);
    // Known ones stay as they are: they may be sizes of places, of which a fault has more failures than that.
    if (made === 0) now[i] = Math.max(now[i] as number, failed);
    before[i] = Math.max(before[i] as number, failedBefore);
  }
  return { now, before };
}

export function sumOf(column: Float64Array): number {
  let sum = 0;
  for (const value of column) sum += value;
  return sum;
}

/** @param column - Not empty; sorted in place. */
const medianOf = (column: Float64Array): number => column.sort()[column.length >> 1] as number;
