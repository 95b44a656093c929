/**
 * Whether requests are missing as the clients' reports would have it: the joint test of both. Pure.
 *
 * Each lies alone: evenings fall, and keys cost nothing. So support is claimed only where both say it: the p-value is the larger one of the dip's
 * (requests now against the rate before, or what would be left of it if it went on falling as it did; see `varianceOf`) and the reports' (failing clients against the usual), an intersection-union test, which
 * needs no correction (Berger 1982). Fisher's sum and the smaller of two would ask whether either is there, and a spike's reports are always
 * improbable, or there would be no spike. And the size has to agree: a place that holds a share of the clients can take about that share of the
 * requests away, times the share of its own requests that fail.
 *
 * Wrong where requests per client differ by more than `MOST_TIMES` between places, where others than opted-in clients fail much more or less often
 * (`LEAST_TIMES`), and where a fault grows only after the time in which the dip is looked for.
 */
import { lowerTail, upperTail } from '../detect/tails.js';
import { usualOf } from '../detect/usual.js';
import type { DipWindows, ServerEvidence, SpikeEvidence } from './verdict.js';

const SIGNIFICANT = 1e-3;
/** A size that is less probable than this does not agree with the reports. */
const AGREES = 0.01;
const LEAST_DIP = 0.03;
/** How many times the share of the clients a dip may take away, and which part of what the reports tell it has to. */
const MOST_TIMES = 2;
const LEAST_TIMES = 0.25;
/** Requests per window vary more than Poisson; the sd of the level, as a share, where it was not measured, and the least that is believed. */
const LEVEL_SD = 0.1;
const LEAST_LEVEL_SD = 0.02;
/** Requests before, below which a dip says nothing. */
const LEAST_REQUESTS = 20;

export interface DipReading {
  /** Share of requests missing, 0..1, and how improbable so few are; null where the rate before is not known. */
  readonly missing: number | null;
  readonly pValue: number | null;
  /** The largest share of requests that the place can take away, 0..1; null where its share of the clients is not known. */
  readonly most: number | null;
  /** Reports and requests tell the same, beyond chance. */
  readonly supports: boolean;
  /** Far more is missing than the place can take away. */
  readonly exceeds: boolean;
}

const UNKNOWN: DipReading = { missing: null, pValue: null, most: null, supports: false, exceeds: false };

export function readDip(spike: SpikeEvidence, metrics: ServerEvidence | null): DipReading {
  if (metrics === null) return UNKNOWN;
  const { now, baseline, goingOn = 1 }: DipWindows = metrics.dip ?? metrics;
  // Of a baseline of unknown length only the share of errors can be told.
  if (!(baseline.requests > 0 && baseline.seconds > 0)) return UNKNOWN;
  const usual = (baseline.requests / baseline.seconds) * now.seconds * goingOn;
  const wander = Math.max(LEAST_LEVEL_SD, metrics.levelSd ?? LEVEL_SD);
  const varianceOf = (mean: number): number => mean + (wander * mean) ** 2 + mean ** 2 / baseline.requests;
  /** P(so few requests | so large a share of the usual ones is missing). */
  const soFew = (missing: number): number => lowerTail(now.requests, usual * (1 - missing), varianceOf(usual * (1 - missing)));
  const soMany = (missing: number): number => upperTail(now.requests, usual * (1 - missing), varianceOf(usual * (1 - missing)));

  const pValue = soFew(0);
  const missing = usual > 0 ? Math.max(0, 1 - now.requests / usual) : null;
  const { share, attempts } = spike;
  const most = share === undefined ? null : Math.min(1, MOST_TIMES * share);
  const isJudged = metrics.fresh && baseline.requests >= LEAST_REQUESTS && missing !== null && missing >= LEAST_DIP;
  if (!isJudged || most === null || share === undefined) return { ...UNKNOWN, missing, pValue, most };
  const failing = attempts != null && attempts.made > 0 ? Math.min(1, attempts.failed / attempts.made) : 0;
  const agrees = soFew(most) >= AGREES && soMany(LEAST_TIMES * share * failing) >= AGREES;
  return {
    missing,
    pValue,
    most,
    supports: agrees && Math.max(pValue, reportsP(spike)) < SIGNIFICANT,
    exceeds: missing >= most + LEAST_DIP && Math.max(pValue, soFew(most)) < SIGNIFICANT,
  };
}

/** P(at least so many failing clients | the usual ones). */
function reportsP({ failingClients, expectedClients }: SpikeEvidence): number {
  const { mean, variance } = usualOf(expectedClients, 1);
  return upperTail(failingClients, mean, variance);
}
