/**
 * Whether usual failures come in bursts of one network, learnt over all networks of a project: a single one fails too seldom to teach it.
 *
 * A burst is two or more clients of one network in one minute; a network counts once an hour, so that an outage that nobody told of does not
 * become a habit. By chance alone there are pairs of clients in a minute × the probability that two clients are of one network (the test of
 * Knox 1964 for clusters in space and time). Only what is surely more than that counts: where bursts are as rare as chance makes them nothing
 * is learnt, and nothing changes. Hours of spikes are left out. Pure.
 */
import type { Shares } from './shares.js';
import { subjectOf } from './build-series.js';

const HOUR_S = 3_600;
const KEPT_HOURS = 24;
/** Networks fail unevenly: chance may make so many times the bursts that even ones would have. */
const UNEVEN = 2;
/** Deviations by which bursts must be more than chance. */
const SURE_SD = 3;

/** One hour of one host and kind. */
export interface BurstHour {
  readonly project: string;
  readonly host: string;
  readonly kind: string;
  /** Start of the hour, s. */
  readonly hour: number;
  /** Failing clients, each once a minute. */
  readonly failures: number;
  /** Pairs of clients of the whole host in one minute. */
  readonly pairs: number;
  /** Networks with a burst. */
  readonly bursts: number;
}

/** A stretch in which nothing is learnt of the kind at any host of the project. */
export interface Unusual {
  readonly project: string;
  readonly kind: string;
  readonly startedMs: number;
  /** Null while it lasts. */
  readonly endedMs: number | null;
}

interface Sum {
  readonly project: string;
  failures: number;
  pairs: number;
  bursts: number;
}

export class Bursts {
  readonly #hours = new Map<string, BurstHour>();
  #bySubject: ReadonlyMap<string, number> = new Map();
  #byProject: ReadonlyMap<string, number> = new Map();

  /** Sets an hour; the latest word counts. */
  set(row: BurstHour): void {
    this.#hours.set(`${subjectOf(row)}\u0000${String(row.hour)}`, row);
  }

  /** Learns anew from the day before `nowMs`, without the hours that hold any of `unusual`. */
  learn(unusual: readonly Unusual[], shares: Shares, nowMs: number): void {
    const sinceMs = nowMs - KEPT_HOURS * HOUR_S * 1000;
    const recent = unusual.filter(({ endedMs }) => (endedMs ?? Infinity) >= sinceMs);
    const [subjects, projects] = [new Map<string, Sum>(), new Map<string, Sum>()];
    for (const [key, row] of this.#hours) {
      if (row.hour * 1000 < sinceMs) this.#hours.delete(key);
      else if (!recent.some((u) => isIn(u, row))) {
        add(subjects, subjectOf(row), row);
        add(projects, row.project, row);
      }
    }
    const chances = new Map([...projects.keys()].map((project) => [project, shares.pairsOf(project, 'network')]));
    const sure = (sums: ReadonlyMap<string, Sum>): Map<string, number> =>
      new Map([...sums].map(([key, sum]) => [key, dispersionOf(sum, chances.get(sum.project) ?? 1)]));
    this.#bySubject = sure(subjects);
    this.#byProject = sure(projects);
  }

  /** Variance ÷ mean of the clients of a minute, as far as bursts raise it, >= 1: what is sure of the host and kind, or of the whole project. */
  dispersionOf(of: { readonly project: string; readonly host: string; readonly kind: string }): number {
    return Math.max(1, this.#bySubject.get(subjectOf(of)) ?? 1, this.#byProject.get(of.project) ?? 1);
  }
}

/** A count of clusters has variance ÷ mean of 1 + twice the pairs within clusters per member. */
function dispersionOf({ failures, pairs, bursts }: Sum, share: number): number {
  const chance = UNEVEN * pairs * share;
  const surely = bursts - chance - SURE_SD * Math.sqrt(bursts + chance);
  return failures > 0 ? 1 + (2 * Math.max(0, surely)) / failures : 1;
}

function add(sums: Map<string, Sum>, key: string, { project, failures, pairs, bursts }: BurstHour): void {
  const sum = sums.get(key) ?? { project, failures: 0, pairs: 0, bursts: 0 };
  sums.set(key, sum);
  sum.failures += failures;
  sum.pairs += pairs;
  sum.bursts += bursts;
}

const isIn = ({ project, kind, startedMs, endedMs }: Unusual, row: BurstHour): boolean =>
  project === row.project && kind === row.kind && startedMs < (row.hour + HOUR_S) * 1000 && (endedMs ?? Infinity) >= row.hour * 1000;
