/** Which steps of the servers' counters have been learnt: each of each series once, however late it comes and however often it is read. */
import type { AllServerCountersRow } from '../queries/all-server-counters.js';
import { stepsOf } from '../server-metrics/steps.js';
import type { Step } from '../server-metrics/steps.js';
import { readStoredName } from '../server-metrics/stored-name.js';
import { KEPT_S } from './server-rate.js';

export interface LearntStep extends Step {
  readonly project: string;
  readonly host: string;
}

/** How far a process is learnt, and from whose copy. */
interface Followed {
  readonly reader: string;
  readonly untilMs: number;
}

export class RequestsLearnt {
  /** The last learnt sample of each series, by host. */
  readonly #last = new Map<string, Map<string, AllServerCountersRow>>();
  /** By host and process. */
  readonly #followed = new Map<string, Map<string, Followed>>();

  /**
   * @param rows - What is stored since some minutes before the last time, ordered by host, name and time. Samples of one series come in order of time; other
   * series and hosts may be ahead of it.
   * @returns Steps that were not there before, by host and time.
   */
  take(rows: readonly AllServerCountersRow[]): LearntStep[] {
    const byHost = new Map<string, AllServerCountersRow[]>();
    for (const row of rows) {
      const key = `${row.project}\u0000${row.host}`;
      const own = byHost.get(key);
      if (own === undefined) byHost.set(key, [row]);
      else own.push(row);
    }
    return [...byHost].flatMap(([key, own]) => {
      const last = this.#last.get(key) ?? new Map<string, AllServerCountersRow>();
      this.#last.set(key, last);
      const followed = this.#followed.get(key) ?? new Map<string, Followed>();
      this.#followed.set(key, followed);
      const unseen = stepsOf(continued(own, last)).filter(({ name, atMs }) => atMs > (last.get(name)?.time ?? -Infinity) * 1000);
      for (const row of own) {
        if (readStoredName(row.name) !== undefined && row.time > (last.get(row.name)?.time ?? -Infinity)) last.set(row.name, row);
      }
      const { project = '', host = '' } = own[0] ?? {};
      return goingOn(unseen, followed).map((step) => ({ project, host, ...step }));
    });
  }

  /** Forgets series that have been silent for long: one that comes back begins anew, after its first sample. */
  forget(nowMs: number): void {
    for (const [host, last] of this.#last) {
      for (const [name, { time }] of last) if (time < nowMs / 1000 - KEPT_S) last.delete(name);
      if (last.size > 0) continue;
      this.#last.delete(host);
      this.#followed.delete(host);
    }
  }
}

/** Of several copies of a process the steps of the one that was followed so far; of another from where that one has ended. @param steps - By time. */
function goingOn(steps: readonly Step[], followed: Map<string, Followed>): Step[] {
  return steps.filter(({ process, reader, atMs, spanMs }) => {
    const known = followed.get(process);
    if (known !== undefined && known.reader !== reader && atMs - spanMs < known.untilMs) return false;
    followed.set(process, { reader, untilMs: Math.max(atMs, known?.untilMs ?? -Infinity) });
    return true;
  });
}

/** With the last sample before those read of each series, where it is older than all of them. */
function continued(rows: readonly AllServerCountersRow[], last: ReadonlyMap<string, AllServerCountersRow>): AllServerCountersRow[] {
  let name: string | undefined;
  return rows.flatMap((row) => {
    const before = row.name === name ? undefined : last.get(row.name);
    name = row.name;
    return before !== undefined && before.time < row.time ? [before, row] : [row];
  });
}
