import type { DipWindows, NowAndBefore, Offline, Probers, RequestCounts, ServerEvidence, SignedProbers, SpikeEvidence } from './verdict.js';

/**
 * Server metrics without what cannot be true: a window of requests that holds NaN, infinite or negative counts is one that holds nothing, and a
 * latency or saturation of that kind was not measured.
 */
export function believable(metrics: ServerEvidence): ServerEvidence {
  const { latencyS, saturation, levelSd, dip, ...rest } = metrics;
  return {
    ...rest,
    now: countsOf(metrics.now),
    baseline: countsOf(metrics.baseline),
    ...(dip !== undefined && { dip: dipOf(dip) }),
    ...(latencyS !== undefined && isPair(latencyS) && { latencyS }),
    ...(saturation !== undefined && isPair(saturation) && { saturation }),
    ...(levelSd !== undefined && isCount(levelSd) && { levelSd }),
  };
}

/** The clients' side likewise: a count that is none is 0, and what rests on one was not seen. */
export function believableSpike(spike: SpikeEvidence): SpikeEvidence {
  const { share, offline, nel, probers, signedProbers, attempts, deploys, path, ...rest } = spike;
  return {
    ...rest,
    networksFailing: countOf(spike.networksFailing),
    failingClients: countOf(spike.failingClients),
    expectedClients: countOf(spike.expectedClients),
    ...(share !== undefined && isCount(share) && share > 0 && share <= 1 && { share }),
    ...(offline !== undefined && isOffline(offline) && { offline }),
    ...(nel !== undefined && isPair(nel) && { nel }),
    ...(probers !== undefined && areProbers(probers) && { probers }),
    ...(signedProbers !== undefined && areSigned(signedProbers) && { signedProbers }),
    ...(attempts != null && Object.values(attempts).every(isCount) && { attempts }),
    ...(deploys !== undefined && { deploys: deploys.filter(({ minutesBefore }) => isCount(minutesBefore)) }),
    ...(path != null && Object.values(path).every(isCount) && { path }),
  };
}

const isCount = (x: number): boolean => Number.isFinite(x) && x >= 0;
const countOf = (x: number): number => (isCount(x) ? x : 0);
const isPair = ({ now, baseline }: NowAndBefore): boolean => isCount(now) && isCount(baseline);
const countsOf = (counts: RequestCounts): RequestCounts =>
  [counts.requests, counts.errors, counts.seconds].every(isCount) ? counts : { requests: 0, errors: 0, seconds: 0 };
const dipOf = ({ now, baseline, goingOn = 1 }: DipWindows): DipWindows => ({
  now: countsOf(now),
  baseline: countsOf(baseline),
  goingOn: goingOn > 0 && goingOn <= 1 ? goingOn : 1,
});
const isOffline = ({ now, baseline, stretches = 1, failing = 0 }: Offline): boolean => [now, baseline, stretches, failing].every(isCount);
const areProbers = ({ now, failing, baseline, baselineFailing }: Probers): boolean =>
  [now, failing, baseline, baselineFailing].every(isCount) && failing <= now && baselineFailing <= baseline;
const areSigned = (probers: SignedProbers): boolean => areProbers(probers) && isCount(probers.beyondForged);
