/** How late live reports of the last hour were, as storage would answer. */
import { LATENESS_STEPS_S, LATEST_LIVE_S } from '../queries/lateness.js';
import type { LatenessRow } from '../queries/lateness.js';
import type { LateShareRow } from '../queries/late-share.js';

const HOUR_S = 3_600;
const DAY_HOURS = 24;

export class Lateness {
  /** Reports by minute of the event and by how late they were. */
  readonly #late = new Map<number, number[]>();

  /** Reports of watched kinds by hour of the event, and those of them that came late. */
  readonly #hours = new Map<number, { total: number; late: number }>();

  /** Counts a report of a watched kind. */
  takeWatched(atS: number, arrivedS: number): void {
    const hour = Math.floor(atS / HOUR_S);
    const sum = this.#hours.get(hour) ?? { total: 0, late: 0 };
    this.#hours.set(hour, sum);
    sum.total++;
    if (arrivedS - atS > LATEST_LIVE_S) sum.late++;
  }

  /** Of the day that ended with the last whole hour but one. */
  shareRow(nowS: number): LateShareRow {
    const last = Math.floor(nowS / HOUR_S) - 1;
    const row = { total: 0, late: 0 };
    for (const [hour, { total, late }] of this.#hours) {
      if (hour < last - DAY_HOURS) this.#hours.delete(hour);
      else if (hour < last) {
        row.total += total;
        row.late += late;
      }
    }
    return row;
  }

  take(atS: number, arrivedS: number): void {
    const lateness = arrivedS - atS;
    if (lateness > LATEST_LIVE_S) return;
    const minute = Math.floor(atS / 60);
    const counts = this.#late.get(minute) ?? [0, ...LATENESS_STEPS_S.map(() => 0)];
    this.#late.set(minute, counts);
    counts[0] = (counts[0] ?? 0) + 1;
    for (const [i, step] of LATENESS_STEPS_S.entries()) if (lateness <= step) counts[i + 1] = (counts[i + 1] ?? 0) + 1;
  }

  row(nowS: number): LatenessRow {
    const sums = [0, ...LATENESS_STEPS_S.map(() => 0)];
    for (const [minute, counts] of this.#late) {
      if ((minute + 1) * 60 <= nowS - HOUR_S) this.#late.delete(minute);
      else counts.forEach((n, i) => (sums[i] = (sums[i] ?? 0) + n));
    }
    const [total = 0, ...arrived] = sums;
    return { total, arrived };
  }
}
