/** When each collector was heard, in memory: what silence is judged by. Storage has all of it, so every analyzer knows the same after a restart. */
import { HEARD_BIN_S } from '../queries/intake-health.js';
import type { CollectorHeardRow } from '../queries/intake-health.js';

/** So long a collector that fell silent is remembered; then it counts as taken out of service. */
export const REMEMBERED_S: number = 7 * 86_400;
/** Five-minute bins over which rows are added up. */
const BINS = 3;

export interface HeardCollector {
  readonly collector: string;
  /** When it last took an upload, s since the epoch. */
  readonly last: number;
  /** Most rows that all collectors together took in fifteen minutes since then, on the grid of five. */
  readonly mostSince: number;
}

interface Heard {
  last: number;
  readonly rowsByBin: Map<number, number>;
}

export class HeardCollectors {
  readonly #byName = new Map<string, Heard>();

  /** Takes rows over; the latest word on a bin counts. */
  learn(rows: readonly CollectorHeardRow[]): void {
    for (const { collector, bin, rows: count, last } of rows) {
      const heard = this.#byName.get(collector) ?? { last: 0, rowsByBin: new Map<number, number>() };
      this.#byName.set(collector, heard);
      heard.last = Math.max(heard.last, last);
      heard.rowsByBin.set(bin, count);
    }
  }

  forget(nowS: number): void {
    const oldest = nowS - REMEMBERED_S;
    for (const [name, { last, rowsByBin }] of this.#byName) {
      if (last < oldest) this.#byName.delete(name);
      else for (const bin of rowsByBin.keys()) if (bin < oldest) rowsByBin.delete(bin);
    }
  }

  /** All that are remembered, by name. */
  all(): HeardCollector[] {
    const total = new Map<number, number>();
    for (const { rowsByBin } of this.#byName.values()) for (const [bin, rows] of rowsByBin) total.set(bin, (total.get(bin) ?? 0) + rows);
    return [...this.#byName]
      .map(([collector, { last }]) => ({ collector, last, mostSince: mostAfter(total, last) }))
      .sort((a, b) => (a.collector < b.collector ? -1 : 1));
  }
}

/** Largest sum of `BINS` bins that follow each other and all begin after `s`. */
function mostAfter(rowsByBin: ReadonlyMap<number, number>, s: number): number {
  let most = 0;
  for (const first of rowsByBin.keys()) {
    if (first <= s) continue;
    let sum = 0;
    for (let n = 0; n < BINS; n++) sum += rowsByBin.get(first + n * HEARD_BIN_S) ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}
