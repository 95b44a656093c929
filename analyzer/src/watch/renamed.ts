/**
 * Whether failures only got another name: an agent's new version that calls time-outs routing faults raises one kind by what another loses.
 *
 * An outage adds failures and takes none away. So a rise of one kind is a new name when another kind of the same host has become rarer in the
 * same stretch, by at least half of the excess: beyond chance at that host, or, where it has few failures, at all hosts of its project together, since a
 * version speaks to all of them. Pure.
 */
import type { Series, Spike } from '../detect/series.js';
import { lowerTail } from '../detect/tails.js';
import type { Walk } from '../detect/walk.js';

/** How improbable the loss must be at the host, or at the host and in the whole project. */
const RARER_P = 0.01;
const RARER_HERE_P = 0.2;
const RARER_IN_PROJECT_P = 1e-3;
const SHARE = 0.5;

export interface Judged {
  readonly series: Series;
  readonly walked: Walk;
}

/** Another kind of the same host, and how it and the kind of the spike stand at all hosts of the project. */
export interface Sibling extends Judged {
  readonly inProject: () => { readonly spikes: readonly Judged[]; readonly siblings: readonly Judged[] };
}

type Stretch = Pick<Spike, 'startMs' | 'endMs'>;

/** @param siblings - The other kinds of the same host. */
export function isRenamed(spike: Spike, siblings: readonly Sibling[]): boolean {
  return siblings.some((sibling) => {
    const here = tally([sibling], spike);
    if (here.mean - here.seen < SHARE * spike.excess) return false;
    const p = lowerTail(here.seen, here.mean, here.variance);
    if (p < RARER_P) return true;
    if (p >= RARER_HERE_P) return false;
    const all = sibling.inProject();
    const [risen, lost] = [tally(all.spikes, spike), tally(all.siblings, spike)];
    return (
      lost.mean - lost.seen >= SHARE * (risen.seen - risen.mean) && lowerTail(lost.seen, lost.mean, lost.variance) < RARER_IN_PROJECT_P
    );
  });
}

/** What several series held and should have held in a stretch. */
function tally(all: readonly Judged[], { startMs, endMs }: Stretch): { seen: number; mean: number; variance: number } {
  const sum = { seen: 0, mean: 0, variance: 0 };
  for (const { series, walked } of all) {
    const first = Math.max(0, Math.floor((startMs - series.startMs) / walked.binMs));
    const last = Math.min(walked.bins.count, endMs === null ? Infinity : Math.ceil((endMs - series.startMs) / walked.binMs));
    let mean = 0;
    for (let i = first; i < last; i++) {
      const x = walked.bins.failures[i] ?? NaN;
      if (Number.isNaN(x) || walked.learning[i] === 1) continue;
      sum.seen += x;
      mean += walked.mean[i] ?? 0;
    }
    sum.mean += mean;
    sum.variance += walked.varianceOf(mean);
  }
  return sum;
}
