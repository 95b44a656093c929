/**
 * Whose turn it is to be examined, where more goes wrong at once than one round can ask storage about.
 *
 * What was never examined comes first, then what was longest ago, each host and kind with all of its groups; among equals the surest. So
 * each has its turn within as many rounds as twenty fit into their number, and what never becomes a spike keeps nobody waiting. No clock is read,
 * and where all fit into a round all have it.
 */
import { bySubject, subjectOf } from './build-series.js';
import type { Group } from './find.js';

/** Groups examined in one round, or a few more. */
const MAX_EXAMINED = 20;

export class Turns {
  /** By project, host and kind: the turn in which it was last. */
  readonly #last = new Map<string, number>();
  #turn = 0;

  /**
   * Takes the groups of this round, and notes that these had their turn: one that makes the round fail does not stop the next.
   *
   * @returns The groups to examine, the surest first, and those that wait.
   */
  take(groups: readonly Group[]): { readonly now: readonly Group[]; readonly waiting: readonly Group[] } {
    this.#turn++;
    const surest = [...groups].sort((a, b) => a.spike.pValue - b.spike.pValue);
    const lastOf = (subject: string): number => this.#last.get(subject) ?? 0;
    const chosen = new Set<string>();
    let count = 0;
    for (const [subject, own] of [...bySubject(surest)].sort(([a], [b]) => lastOf(a) - lastOf(b))) {
      if (count >= MAX_EXAMINED) break;
      count += own.length;
      chosen.add(subject);
      this.#last.set(subject, this.#turn);
    }
    const isChosen = (group: Group): boolean => chosen.has(subjectOf(group));
    return { now: surest.filter(isChosen), waiting: surest.filter((group) => !isChosen(group)) };
  }
}
