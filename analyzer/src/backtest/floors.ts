/**
 * Two detectors that anyone could write in an hour, as floors to be measured against: per project, host and kind, by the minute.
 *
 * `three-sigma`: more than the mean of the last hour plus three standard deviations, and at least 3 clients.
 * `seasonal-naive`: Poisson upper tail against the mean of the same 11 minutes of yesterday (of the hour before, on the first day), within the
 * same budget as the detector. Alarms of one series less than 15 min apart are one. A minute is judged 30 s after its end.
 */
import { upperTail } from '../detect/tails.js';
import { WATCHED_KINDS } from '../watch/build-series.js';
import { watches } from './rows.js';
import type { FailuresRow, WorldRow } from './rows.js';
import type { ScoredSpike } from './score.js';

const JUDGED_AFTER_S = 30;
const JOIN_S = 900;
const HOUR = 60;
const DAY = 1_440;
const WEEK = 10_080;
const LEAST_CLIENTS = 3;
const AROUND = 5;

export const FLOORS = ['three-sigma', 'seasonal-naive'] as const;
export type FloorName = (typeof FLOORS)[number];

export class Floors {
  readonly #world: WorldRow;
  readonly #watches: ReturnType<typeof watches>;
  readonly #series = new Map<string, { readonly of: FailuresRow; readonly minutes: Float64Array }>();

  readonly #falseAlarmsPerWeek: number;

  /** @param falseAlarmsPerWeek - As of the detector. */
  constructor(world: WorldRow, falseAlarmsPerWeek = 1) {
    this.#world = world;
    this.#falseAlarmsPerWeek = falseAlarmsPerWeek;
    this.#watches = watches(world);
  }

  take(row: FailuresRow): void {
    if (!(WATCHED_KINDS as readonly string[]).includes(row.kind) || !this.#watches(row)) return;
    const minute = Math.floor((row.at - this.#world.from) / 60);
    if (minute < 0 || row.arrived > this.#world.from + (minute + 1) * 60 + JUDGED_AFTER_S) return;
    const key = `${row.project} ${row.host} ${row.kind}`;
    const known = this.#series.get(key) ?? { of: row, minutes: new Float64Array(Math.ceil((this.#world.to - this.#world.from) / 60)) };
    this.#series.set(key, known);
    known.minutes[minute] = (known.minutes[minute] ?? 0) + row.clients;
  }

  spikes(floor: FloorName): ScoredSpike[] {
    const hosts = Object.values(this.#world.projects).reduce((n, h) => n + h.length, 0);
    const alpha = this.#falseAlarmsPerWeek / WEEK / (hosts * WATCHED_KINDS.length);
    return [...this.#series.values()].flatMap(({ of, minutes }) => {
      const alarms: ScoredSpike[] = [];
      for (let i = HOUR; i < minutes.length; i++) {
        const count = minutes[i] ?? 0;
        if (count < LEAST_CLIENTS || !(floor === 'three-sigma' ? isBeyondSigmas(minutes, i) : isBeyondYesterday(minutes, i, alpha)))
          continue;
        const endS = this.#world.from + (i + 1) * 60;
        const last = alarms.at(-1);
        if (last !== undefined && endS - (last.endS ?? 0) <= JOIN_S) alarms[alarms.length - 1] = { ...last, endS };
        else
          alarms.push({
            project: of.project,
            host: of.host,
            kind: of.kind,
            startS: endS - 60,
            endS,
            reportedS: endS + JUDGED_AFTER_S,
            places: null,
            verdict: null,
            uncorroborated: false,
            pValue: 1 / (1 + count),
            affected: null,
          });
      }
      return alarms;
    });
  }
}

function isBeyondSigmas(minutes: Float64Array, at: number): boolean {
  const last = minutes.subarray(at - HOUR, at);
  const mean = last.reduce((s, n) => s + n, 0) / HOUR;
  const variance = last.reduce((s, n) => s + (n - mean) ** 2, 0) / (HOUR - 1);
  return (minutes[at] ?? 0) > mean + 3 * Math.sqrt(variance);
}

function isBeyondYesterday(minutes: Float64Array, at: number, alpha: number): boolean {
  const same = at - DAY;
  const reference = same - AROUND >= 0 ? minutes.subarray(same - AROUND, same + AROUND + 1) : minutes.subarray(at - HOUR, at);
  const mean = (reference.reduce((s, n) => s + n, 0) + 0.5) / reference.length;
  return upperTail(minutes[at] ?? 0, mean, mean) < alpha;
}
