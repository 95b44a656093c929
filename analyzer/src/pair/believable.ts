import type { NowAndBefore, RequestCounts, ServerEvidence } from './verdict.js';

/**
 * Server metrics without what cannot be true: a window of requests that holds NaN, infinite or negative counts is one that holds nothing, and a
 * latency or saturation of that kind was not measured.
 */
export function believable(metrics: ServerEvidence): ServerEvidence {
  const { latencyS, saturation, levelSd, ...rest } = metrics;
  return {
    ...rest,
    now: countsOf(metrics.now),
    baseline: countsOf(metrics.baseline),
    ...(latencyS !== undefined && isPair(latencyS) && { latencyS }),
    ...(saturation !== undefined && isPair(saturation) && { saturation }),
    ...(levelSd !== undefined && isCount(levelSd) && { levelSd }),
  };
}

const isCount = (x: number): boolean => Number.isFinite(x) && x >= 0;
const isPair = ({ now, baseline }: NowAndBefore): boolean => isCount(now) && isCount(baseline);
const countsOf = (counts: RequestCounts): RequestCounts =>
  [counts.requests, counts.errors, counts.seconds].every(isCount) ? counts : { requests: 0, errors: 0, seconds: 0 };
