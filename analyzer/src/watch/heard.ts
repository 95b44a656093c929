/**
 * Since when each host has been heard of, as far back as is known: there its series and its history begin. A host that joins a project that is
 * long known was not silent before, it was not there; hours of invented zeros would make a spike of its first usual failures.
 *
 * Where clients tell of requests, these tell when a host joined. One that only failures are known of may be new, its requests being told some
 * minutes later, or may have been there all the time, with few clients and no failures: for the half hour in which nothing is found in a
 * new series anyway it is taken for new, afterwards for as old as its project, so that its outage is found then. In a project that tells
 * of no requests nothing tells the two apart and nothing is worth waiting for: silence is taken for what it was there, no failures.
 */
import { DETECT_DEFAULTS } from '../detect/series.js';

const HOUR_MS = 3_600_000;

interface First {
  requestsMs: number;
  failuresMs: number;
}

export class Heard {
  /** By project, and by project and host. */
  readonly #first = new Map<string, First>();

  /** Notes that clients made requests to a host, or failed there, at a time; the order does not matter. */
  note(project: string, host: string, what: 'requests' | 'failures', atMs: number): void {
    const name = what === 'requests' ? 'requestsMs' : 'failuresMs';
    for (const key of [project, keyOf(project, host)]) {
      const first = this.#first.get(key) ?? { requestsMs: Infinity, failuresMs: Infinity };
      this.#first.set(key, first);
      first[name] = Math.min(first[name], atMs);
    }
  }

  /** Notes that clients failed somewhen in an hour: taken for its end, so that no quiet is made up. */
  noteHour(project: string, host: string, startMs: number): void {
    this.note(project, host, 'failures', startMs + HOUR_MS - 1);
  }

  /** When a host was first heard of, ms; the project, where that cannot be told; undefined where nothing was heard. */
  sinceMs(project: string, host: string, nowMs: number): number | undefined {
    const whole = this.#first.get(project);
    if (whole === undefined) return undefined;
    const own = this.#first.get(keyOf(project, host));
    if (own !== undefined && own.requestsMs < Infinity) return Math.min(own.requestsMs, own.failuresMs);
    const mayBeNew = whole.requestsMs < Infinity && own !== undefined && nowMs - own.failuresMs < DETECT_DEFAULTS.minHistoryMs;
    return mayBeNew ? own.failuresMs : Math.min(whole.requestsMs, whole.failuresMs);
  }

  /** Where a series of a host may start. @param projectMs - When its project was heard of in the stretch that is looked at; undefined where it was not. */
  startMs(project: string, host: string, projectMs: number | undefined, nowMs: number): number | undefined {
    return projectMs === undefined ? undefined : Math.max(projectMs, this.sinceMs(project, host, nowMs) ?? projectMs);
  }
}

const keyOf = (project: string, host: string): string => `${project}\u0000${host}`;
