/** What the analyzer learns besides the counts themselves: how late reports are, the shape of a day, since when a project is heard. */
import { LATENESS_STEPS_S } from '../queries/lateness.js';
import type { LatenessRow } from '../queries/lateness.js';
import type { Series } from '../detect/series.js';
import type { SeriesOf } from '../watch/build-series.js';
import type { FailuresRow } from './rows.js';

const HOUR_S = 3_600;
const HISTORY_S = 14 * 24 * HOUR_S;
const LEAST_HISTORY_S = 3 * 24 * HOUR_S;
const HISTORY_EVERY_S = 600;
const LATEST_LIVE_S = 120;

export class Learnt {
  /** Reports by minute of the event and by how late they were. */
  readonly #late = new Map<number, number[]>();
  readonly #hours = new Map<string, Map<number, number>>();
  readonly #heard = new Map<string, number>();
  #history: { readonly at: number; readonly series: Map<string, Series | undefined> } | undefined;
  #firstHour = Infinity;

  take(row: FailuresRow): void {
    const lateness = row.arrived - row.at;
    this.heard(row.project, row.at);
    const hour = Math.floor(row.at / HOUR_S);
    this.#firstHour = Math.min(this.#firstHour, Math.floor(row.arrived / HOUR_S));
    const hours = this.#hours.get(keyOf(row)) ?? new Map<number, number>();
    this.#hours.set(keyOf(row), hours);
    hours.set(hour, (hours.get(hour) ?? 0) + row.clients);
    if (lateness > LATEST_LIVE_S) return;
    const minute = Math.floor(row.at / 60);
    const counts = this.#late.get(minute) ?? [0, ...LATENESS_STEPS_S.map(() => 0)];
    this.#late.set(minute, counts);
    counts[0] = (counts[0] ?? 0) + 1;
    for (const [i, step] of LATENESS_STEPS_S.entries()) if (lateness <= step) counts[i + 1] = (counts[i + 1] ?? 0) + 1;
  }

  /** Notes that a project was heard of. */
  heard(project: string, at: number): void {
    if (at < (this.#heard.get(project) ?? Infinity)) this.#heard.set(project, at);
  }

  heardMs(project: string): number | undefined {
    const at = this.#heard.get(project);
    return at === undefined ? undefined : at * 1000;
  }

  lateness(nowS: number): LatenessRow {
    const sums = [0, ...LATENESS_STEPS_S.map(() => 0)];
    for (const [minute, counts] of this.#late) {
      if ((minute + 1) * 60 <= nowS - HOUR_S) this.#late.delete(minute);
      else counts.forEach((n, i) => (sums[i] = (sums[i] ?? 0) + n));
    }
    const [total = 0, ...arrived] = sums;
    return { total, arrived };
  }

  /** Failing clients per hour of earlier days, once three days are known; as of the last ten minutes. */
  history(nowS: number): (of: SeriesOf) => Series | undefined {
    if (this.#history === undefined || nowS - this.#history.at >= HISTORY_EVERY_S) this.#history = { at: nowS, series: new Map() };
    const { at, series } = this.#history;
    const to = Math.floor(at / HOUR_S);
    const first = Math.max(this.#firstHour, to - HISTORY_S / HOUR_S);
    if ((to - first) * HOUR_S < LEAST_HISTORY_S) return () => undefined;
    return (of) => {
      const key = keyOf(of);
      if (!series.has(key)) {
        const hours = this.#hours.get(key);
        const failures = Array.from({ length: to - first }, (_, i) => hours?.get(first + i) ?? 0);
        series.set(key, hours === undefined ? undefined : { startMs: first * HOUR_S * 1000, binMs: HOUR_S * 1000, failures });
      }
      return series.get(key);
    };
  }
}

const keyOf = (of: { readonly project: string; readonly host: string; readonly kind: string }): string =>
  `${of.project} ${of.host} ${of.kind}`;
