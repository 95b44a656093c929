/** What the server's own metrics say, as numbers and as words that a verdict can rest on. Pure. */
import { lowerTail, upperTail } from '../detect/tails.js';
import type { NowAndBefore, Probers, ServerEvidence, SpikeEvidence, VerdictNumbers } from './verdict.js';

const SIGNIFICANT = 1e-3;
const LEAST_ERRORS = 5;
const LEAST_RISE = 2;
const LEAST_DIP = 0.03;
/** Requests per window vary more than Poisson; the sd of the level, as a share, where it was not measured, and the least that is believed. */
const LEVEL_SD = 0.1;
const LEAST_LEVEL_SD = 0.02;
/** Requests before, below which a share or a dip says nothing. */
const LEAST_REQUESTS = 20;
/** A server is slow at twice its usual time and a tenth of a second more, full at 90 % and a tenth more than usual. */
const SLOW_TIMES = 2;
const SLOW_S = 0.1;
const FULL = 0.9;
const FULLER = 0.1;

export interface ServerReading {
  /** Whether there is anything to compare, and whether it is only the baseline that holds too little. */
  readonly measured: boolean;
  readonly fewBefore: boolean;
  /** Nothing at all was counted now, or too few to believe that their share of errors rose or did not. */
  readonly unclear: boolean;
  readonly errorsUp: boolean;
  readonly dipped: boolean;
  readonly slow: boolean;
  readonly full: boolean;
}

export function readServer(metrics: ServerEvidence | null, numbers: VerdictNumbers): ServerReading {
  const isRead = metrics !== null && metrics.fresh && (metrics.now.requests > 0 || metrics.now.seconds > 0);
  if (!isRead || metrics.baseline.requests < LEAST_REQUESTS)
    return { measured: false, fewBefore: isRead, unclear: false, errorsUp: false, dipped: false, slow: false, full: false };
  const share = numbers.server_error_share ?? 0;
  const before = numbers.server_error_share_before ?? 0;
  const errorsUp =
    (numbers.error_rise_p_value ?? 1) < SIGNIFICANT && metrics.now.errors >= LEAST_ERRORS && share >= LEAST_RISE * Math.max(before, 1e-6);
  const dipped = (numbers.request_dip_p_value ?? 1) < SIGNIFICANT && (numbers.request_dip ?? 0) >= LEAST_DIP;
  const { latencyS, saturation } = metrics;
  const slow = latencyS !== undefined && latencyS.now >= SLOW_TIMES * latencyS.baseline && latencyS.now - latencyS.baseline >= SLOW_S;
  const full = saturation !== undefined && saturation.now >= FULL && saturation.now - saturation.baseline >= FULLER;
  const { requests, errors } = metrics.now;
  const unclear = requests === 0 || (!errorsUp && requests < LEAST_REQUESTS && errors > 0 && share >= LEAST_RISE * Math.max(before, 1e-6));
  return { measured: true, fewBefore: false, unclear, errorsUp, dipped, slow, full };
}

function pairOf<N extends 'server_latency_s' | 'server_saturation'>(name: N, measured: NowAndBefore | undefined) {
  return { [name]: measured?.now ?? null, [`${name}_before`]: measured?.baseline ?? null } as Record<N | `${N}_before`, number | null>;
}

function probersOf(probers: Probers | undefined) {
  const [now, before] = [(probers?.now ?? 0) > 0, (probers?.baseline ?? 0) > 0];
  return {
    probers: now ? (probers?.now ?? null) : null,
    probers_failing: now ? (probers?.failing ?? null) : null,
    probers_before: before ? (probers?.baseline ?? null) : null,
    probers_failing_before: before ? (probers?.baselineFailing ?? null) : null,
  };
}

const share = (part: number, whole: number): number | null =>
  whole > 0 && Number.isFinite(part / whole) ? Math.min(1, Math.max(0, part / whole)) : null;

export function numbersOf(spike: SpikeEvidence, metrics: ServerEvidence | null): VerdictNumbers {
  const now = metrics?.now;
  const before = metrics?.baseline;
  const rate = (c: typeof now): number | null => (c !== undefined && c.seconds > 0 ? c.requests / c.seconds : null);
  const base = {
    failing_clients: spike.failingClients,
    expected_clients: spike.expectedClients,
    server_error_share: now === undefined ? null : share(now.errors, now.requests),
    server_error_share_before: before === undefined ? null : share(before.errors, before.requests),
    server_requests_per_s: rate(now),
    server_requests_per_s_before: rate(before),
    attempts_failed_share: spike.attempts ? share(spike.attempts.failed, spike.attempts.made) : null,
    attempts_failed_share_before: spike.attempts ? share(spike.attempts.baselineFailed, spike.attempts.baselineMade) : null,
    ...pairOf('server_latency_s', metrics?.latencyS),
    ...pairOf('server_saturation', metrics?.saturation),
    minutes_since_deploy: spike.deploys?.[0]?.minutesBefore ?? null,
    collectors_missed_share: spike.path ? share(spike.path.failed, spike.path.told) : null,
    collectors_missed_share_before: spike.path ? share(spike.path.baselineFailed, spike.path.baselineTold) : null,
    ...probersOf(spike.probers),
  };
  if (now === undefined || before === undefined || !(before.requests > 0)) {
    return { ...base, request_dip: null, request_dip_p_value: null, error_rise_p_value: null };
  }
  // Of a baseline of unknown length only the share of errors can be told.
  const requests = before.seconds > 0 ? (before.requests / before.seconds) * now.seconds : null;
  const wander = Math.max(LEAST_LEVEL_SD, metrics?.levelSd ?? LEVEL_SD);
  const errors = ((before.errors + 0.5) / before.requests) * now.requests;
  return {
    ...base,
    request_dip: requests !== null && requests > 0 ? Math.max(0, 1 - now.requests / requests) : null,
    request_dip_p_value:
      requests === null ? null : lowerTail(now.requests, requests, requests + (wander * requests) ** 2 + requests ** 2 / before.requests),
    error_rise_p_value: upperTail(now.errors, errors, errors + errors ** 2 / (before.errors + 0.5)),
  };
}
