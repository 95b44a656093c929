/** How much of a recent bin has probably arrived, learnt from how late reports usually are. */
import { LATENESS_STEPS_S } from '../queries/lateness.js';
import type { LatenessRow } from '../queries/lateness.js';

/** Shares arrived at LATENESS_STEPS_S where too few reports were seen to learn them: agents wait up to 5 s, networks a little more. */
const USUAL = [0.5, 0.9, 0.95, 0.97, 0.99, 1] as const;
const LEAST_REPORTS = 100;
/** From the insert to the rollup, ms. */
const PIPELINE_MS = 5_000;
/** A finished bin is never thought emptier than this: too low a guess would make ordinary failures look like an excess. */
const LEAST = 0.3;

/**
 * @param row - Lateness of the last hour, or undefined.
 * @returns A function of a bin's age (now - end of the bin, ms) to the share that has arrived, 0.3..1, rising with age.
 */
export function completenessOf(row: LatenessRow | undefined): (ageMs: number) => number {
  const learnt: readonly number[] = row !== undefined && row.total >= LEAST_REPORTS ? row.arrived.map((n) => n / row.total) : USUAL;
  return (ageMs) => {
    const ageS = (ageMs - PIPELINE_MS) / 1000;
    let share: number = learnt[0] ?? 1;
    for (let i = 1; i < LATENESS_STEPS_S.length; i++) {
      const from = LATENESS_STEPS_S[i - 1] ?? 0;
      const to = LATENESS_STEPS_S[i] ?? from;
      if (ageS < from) break;
      const part = Math.min(1, (ageS - from) / (to - from));
      share = (learnt[i - 1] ?? 1) + part * ((learnt[i] ?? 1) - (learnt[i - 1] ?? 1));
    }
    return Math.min(1, Math.max(LEAST, share));
  };
}
