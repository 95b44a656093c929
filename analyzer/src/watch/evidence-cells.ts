/** From rows of storage to what `localise` and `pair` read. Pure. */
import { upperTail } from '../detect/tails.js';
import type { Cell } from '../localise/cell.js';
import type { FailureCellRow } from '../queries/failure-cells.js';
import type { KnownPlaceRow } from '../queries/known-places.js';

/** Dimensions in which a spike is placed, in the order of preference among equals. */
export const PLACE_DIMENSIONS = ['network', 'country', 'release'] as const;

/** A network counts as failing when its failing clients are this improbable, and at least two. */
const FAILING_P = 1e-3;
/** Failing clients that any network is thought to have by chance. */
const BY_CHANCE = 0.1;

/** Cells of the failures, and of the places known to have clients that do not fail. */
export function cellsOf(rows: readonly FailureCellRow[], known: readonly KnownPlaceRow[]): Cell[] {
  const key = (r: KnownPlaceRow): string => `${r.network}\u0000${r.country}\u0000${r.release}`;
  const seen = new Set(rows.map(key));
  const silent = known.filter((r) => !seen.has(key(r))).map((r) => ({ ...r, now: 0, before: 0 }));
  return [...rows, ...silent].map((r) => ({
    where: { network: r.network, country: r.country, release: r.release },
    failures: r.now,
    baselineFailures: r.before,
    attempts: 0,
    baselineAttempts: 0,
  }));
}

/** In how many networks more clients fail than before. @param scale - Length of the spike ÷ length of the baseline. */
export function networksFailing(rows: readonly FailureCellRow[], scale: number): number {
  const networks = new Map<string, { now: number; before: number }>();
  for (const row of rows) {
    const sum = networks.get(row.network) ?? { now: 0, before: 0 };
    networks.set(row.network, { now: sum.now + row.now, before: sum.before + row.before });
  }
  return [...networks.values()].filter(({ now, before }) => {
    const mean = before * scale + BY_CHANCE;
    return now >= 2 && upperTail(now, mean, mean) < FAILING_P;
  }).length;
}
