/** How many opted-in clients a spike hit: those that failed less those that would have failed anyway, and those whose reports are still on their way. */
import { lowerQuantile, upperQuantile } from '../detect/tails.js';
import { usualOf } from '../detect/usual.js';
import { ALL_SEEN } from './unseen.js';
import type { Unseen } from './unseen.js';

export interface Affected {
  /** Best guess, and the 95 % interval around it. */
  readonly clients: number;
  readonly low: number;
  readonly high: number;
}

/** No more than this is believed. */
const MOST_CLIENTS = 1e10;
const TAIL = 0.025;
const Z = 1.959964;
/** How well the share of late reports is known: relatively, and at least. */
const LATE_SD = 0.3;
const LEAST_LATE_SD = 0.005;

/**
 * Usual failures are negative binomial with the mean of the baseline; late reports are a share of all, known to a third.
 *
 * @param failing - Different clients that failed in the spike, and `before` in all of its `baselines` stretches of equal length, at least one.
 * @param failingOnAllDays - Where it goes over midnight those of each UTC day added up, of whom some may be the same; default `failing`.
 * @param lateShare - Share of reports that come more than two minutes late, 0..1. @param unseen - For those whom a sample of failures does not hear.
 * @returns Whole numbers, 0 <= low <= clients <= high. Pure; unusable numbers count as 0. Wrong where a spike lasts over hours in which the usual level changes.
 */
export function affectedClients({
  failing,
  failingOnAllDays = failing,
  before,
  baselines,
  lateShare,
  unseen = ALL_SEEN,
}: {
  readonly failing: number;
  readonly failingOnAllDays?: number;
  readonly before: number;
  readonly baselines: number;
  readonly lateShare: number;
  readonly unseen?: Unseen;
}): Affected {
  const seen = usable(failing);
  const seenAtMost = Math.max(seen, usable(failingOnAllDays));
  const expected = usable(before) / Math.max(1, usable(baselines));
  const { mean, variance } = usualOf(usable(before), usable(baselines));
  const most = Math.min(seen, upperQuantile(TAIL, mean, variance));
  const least = Math.min(most, lowerQuantile(TAIL, mean, variance));
  const late = Math.min(0.9, usable(lateShare));
  const lateSd = Math.max(LEAST_LATE_SD, LATE_SD * late);
  /** What is still on its way of `n` that came. */
  const onItsWay = (n: number): number => (n * late) / (1 - late);
  const spread = (n: number): number => Z * Math.sqrt(onItsWay(n) + (n * lateSd) ** 2);
  const came = Math.max(0, (seen + seenAtMost) / 2 - expected);
  // Some of the late ones have come by now, so between none and all of them is missing.
  const clients = Math.round((came + onItsWay(came) / 2) * unseen.times);
  const low = Math.floor((seen - most) * unseen.low);
  const beyond = seenAtMost - least;
  const high = Math.ceil((beyond + onItsWay(beyond) + spread(beyond)) * unseen.high);
  return { clients, low: Math.min(low, clients), high: Math.max(high, clients) };
}

const usable = (x: number): number => (Number.isFinite(x) && x > 0 ? Math.min(x, MOST_CLIENTS) : 0);
