/** Failing and usually failing clients, opted-in requests and all requests by country and release, in one list. Pure. */
import type { AttemptsBySliceRow } from '../queries/attempts-by-slice.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import type { SliceRateRow } from '../queries/slice-rates.js';
import { readSliceName } from '../server-metrics/stored-name.js';
import type { Stratum } from './extrapolate.js';

const BIN_S = 300;

/** @param baselines - Stretches as long as the spike that `allBefore` is the sum of. */
export function strataOf(
  cells: readonly Pick<FailureCellRow, 'country' | 'release' | 'allNow' | 'allBefore'>[],
  baselines: number,
  attempts: readonly AttemptsBySliceRow[],
  rates: readonly SliceRateRow[],
): Stratum[] {
  // Before clients were heard at all nobody opted in: the largest slice is in all of the time.
  const seconds = BIN_S * Math.max(1, ...attempts.map(({ bins }) => bins));
  const found = new Map<string, Stratum>();
  const add = ({ country, release }: { country: string; release: string }, more: Partial<Stratum>): void => {
    const key = `${country}\u0000${release}`;
    const none: Stratum = { failing: 0, usual: 0, optedInPerS: 0, allPerS: 0, sample: 0 };
    const { failing, usual, optedInPerS, allPerS, sample } = found.get(key) ?? none;
    found.set(key, {
      failing: failing + (more.failing ?? 0),
      usual: usual + (more.usual ?? 0),
      optedInPerS: optedInPerS + (more.optedInPerS ?? 0),
      allPerS: allPerS + (more.allPerS ?? 0),
      sample: sample + (more.sample ?? 0),
    });
  };
  for (const cell of cells) add(cell, { failing: cell.allNow, usual: cell.allBefore / baselines });
  for (const row of attempts) add(row, { optedInPerS: row.made / seconds, sample: row.sample });
  for (const { name, rate } of rates) {
    const slice = readSliceName(name);
    if (slice !== undefined && rate > 0) add(slice, { allPerS: rate });
  }
  return [...found.values()];
}
