import { countInterval, shareInterval } from './bounds.js';
import type { Cause } from './cell.js';
import { expectedOf, whereOf } from './place.js';
import type { Place } from './place.js';
import type { Table } from './table.js';

/** A place as it is told. @param total - The whole excess. */
export function describe(table: Table, place: Place, total: number): Cause {
  const { failures, before, exposure, exposureBefore } = place;
  const attempts = table.counted ? exposure : 0;
  const n = Math.max(attempts, failures);
  return {
    where: whereOf(table, place),
    failures,
    attempts,
    rate: attempts > 0 ? failures / n : null,
    baselineRate: table.counted && exposureBefore > 0 ? before / Math.max(exposureBefore, before) : null,
    ...(attempts > 0 ? shareInterval(failures, n) : countInterval(failures)),
    explained: Math.min(1, Math.max(0, (failures - expectedOf(place)) / total)),
  };
}
