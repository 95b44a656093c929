/** Failing clients and load of earlier days by the hour, as far as they are known: what `detect` learns level and shape from. */
import type { Series } from '../detect/series.js';
import { subjectOf } from './build-series.js';

const HOUR_S = 3_600;
const KEPT_HOURS = 14 * 24;
/** Days of history from which on it is used. */
const LEAST_HOURS = 24;

interface Subject {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
}

export class History {
  readonly #failures = new Map<string, Map<number, number>>();
  readonly #loads = new Map<string, Map<number, number>>();
  readonly #cache = new Map<string, { readonly first: number; readonly hour: number; readonly series: Series | undefined }>();
  #first = Infinity;

  setFailures(of: Subject, atS: number, clients: number): void {
    this.#set(this.#failures, subjectOf(of), atS, () => clients);
  }

  addFailures(of: Subject, atS: number, clients: number): void {
    this.#set(this.#failures, subjectOf(of), atS, (before) => before + clients);
  }

  setLoad(project: string, host: string, atS: number, load: number): void {
    this.#set(this.#loads, `${project}\u0000${host}`, atS, () => load);
  }

  /**
   * Hours before the present one; where the load was ever known, hours without it are no data. Undefined while there is less than a day.
   *
   * @param sinceMs - When the host was first heard of: earlier hours are none of quiet.
   */
  series(of: Subject, nowMs: number, sinceMs = -Infinity): Series | undefined {
    const key = subjectOf(of);
    const hour = Math.floor(nowMs / 1000 / HOUR_S);
    const first = Math.max(this.#first, hour - KEPT_HOURS, Math.floor(sinceMs / 1000 / HOUR_S));
    const cached = this.#cache.get(key);
    if (cached?.hour === hour && cached.first === first) return cached.series;
    const series = hour - first < LEAST_HOURS ? undefined : this.#build(of, first, hour);
    this.#cache.set(key, { first, hour, series });
    return series;
  }

  #build(of: Subject, first: number, hour: number): Series | undefined {
    const failures = this.#failures.get(subjectOf(of));
    const loads = this.#loads.get(`${of.project}\u0000${of.host}`);
    const hours = Array.from({ length: hour - first }, (_, i) => first + i);
    const known = hours.filter((h) => loads?.has(h) === true).length;
    const useLoad = known >= LEAST_HOURS;
    if (loads !== undefined && !useLoad) return undefined;
    for (const h of failures?.keys() ?? []) if (h < first) failures?.delete(h);
    return {
      startMs: first * HOUR_S * 1000,
      binMs: HOUR_S * 1000,
      failures: hours.map((h) => (useLoad && loads?.has(h) !== true ? null : (failures?.get(h) ?? 0))),
      ...(useLoad && { exposure: hours.map((h) => loads?.get(h) ?? 1) }),
    };
  }

  #set(of: Map<string, Map<number, number>>, key: string, atS: number, value: (before: number) => number): void {
    const hour = Math.floor(atS / HOUR_S);
    this.#first = Math.min(this.#first, hour);
    const hours = of.get(key) ?? new Map<number, number>();
    of.set(key, hours);
    hours.set(hour, value(hours.get(hour) ?? 0));
  }
}
