import { countInterval, shareInterval } from './bounds.js';
import type { Cause } from './cell.js';
import { cellsOf, expectedOf, whereOf } from './place.js';
import type { Place } from './place.js';
import type { Table } from './table.js';

/** A place as it is told. @param total - The whole excess. @param members - Those of its cells that the places before it left. */
export function describe(table: Table, place: Place, total: number, members: readonly number[] = cellsOf(table, place)): Cause {
  const { failures } = place;
  const attempts = table.counted ? toldOf(members, table.attempts, table.failures) : 0;
  const attemptsBefore = table.counted ? toldOf(members, table.attemptsBefore, table.before) : 0;
  return {
    where: whereOf(table, place),
    failures,
    attempts,
    rate: attempts > 0 ? failures / Math.max(attempts, failures) : null,
    baselineRate: attemptsBefore > 0 ? place.before / Math.max(attemptsBefore, place.before) : null,
    ...(attempts > 0 ? shareInterval(failures, Math.max(attempts, failures)) : countInterval(failures)),
    explained: Math.min(1, Math.max(0, (failures - expectedOf(place)) / total)),
  };
}

/** Attempts of some cells, at least as many as failures in each; 0 where none are known of any. What is only thought of a cell is not told. */
function toldOf(members: readonly number[], attempts: Float64Array, failures: Float64Array): number {
  let sum = 0;
  let isKnown = false;
  for (const i of members) {
    const known = attempts[i] as number;
    isKnown ||= known > 0;
    sum += Math.max(known, failures[i] as number);
  }
  return isKnown ? sum : 0;
}
