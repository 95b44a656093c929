/**
 * Whether failures only got another name: an agent's new version that calls time-outs routing faults raises one kind by what another loses.
 *
 * An outage adds failures and takes none away. So a rise of one kind is a new name when another kind of the same host has become rarer in the
 * same stretch, beyond chance, by at least half of the excess.
 */
import type { Series, Spike } from '../detect/series.js';
import { lowerTail } from '../detect/tails.js';
import type { Walk } from '../detect/walk.js';

const RARER_P = 1e-3;
const SHARE = 0.5;

export interface Judged {
  readonly series: Series;
  readonly walked: Walk;
}

/** @param siblings - The other kinds of the same host. */
export function isRenamed(spike: Spike, siblings: readonly Judged[]): boolean {
  return siblings.some(({ series, walked }) => {
    const first = Math.max(0, Math.floor((spike.startMs - series.startMs) / walked.binMs));
    const last = Math.min(walked.bins.count, spike.endMs === null ? Infinity : Math.ceil((spike.endMs - series.startMs) / walked.binMs));
    let seen = 0;
    let mean = 0;
    for (let i = first; i < last; i++) {
      const x = walked.bins.failures[i] ?? NaN;
      if (Number.isNaN(x) || walked.learning[i] === 1) continue;
      seen += x;
      mean += walked.mean[i] ?? 0;
    }
    return mean - seen >= SHARE * spike.excess && lowerTail(seen, mean, walked.varianceOf(mean)) < RARER_P;
  });
}
