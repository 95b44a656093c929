/** What the server's own metrics say, as numbers and as words that a verdict can rest on. Pure. */
import { upperTail } from '../detect/tails.js';
import type { DipReading } from './dip.js';
import type { NowAndBefore, Probers, ServerEvidence, SpikeEvidence, VerdictNumbers } from './verdict.js';

const SIGNIFICANT = 1e-3;
const LEAST_ERRORS = 5;
const LEAST_RISE = 2;
/** Requests before, below which a share says nothing. */
const LEAST_REQUESTS = 20;
/** A server is slow at twice its usual time and a tenth of a second more, full at 90 % and a tenth more than usual. */
const SLOW_TIMES = 2;
const SLOW_S = 0.1;
const FULL = 0.9;
const FULLER = 0.1;

export interface ServerReading {
  /** Whether there are requests to compare, and what is missing where not. */
  readonly measured: boolean;
  readonly fewBefore: boolean;
  /** Only how slow or how full it is was told. */
  readonly gaugesOnly: boolean;
  /** Nothing at all was counted now, or too few to believe that their share of errors rose or did not. */
  readonly unclear: boolean;
  readonly errorsUp: boolean;
  /** Requests are missing as the clients' reports would have it; or far more than these could take away. */
  readonly dipped: boolean;
  readonly dipExceeds: boolean;
  readonly slow: boolean;
  readonly full: boolean;
}

export function readServer(metrics: ServerEvidence | null, numbers: VerdictNumbers, dip: DipReading): ServerReading {
  const isFresh = metrics !== null && metrics.fresh;
  const { latencyS, saturation } = isFresh ? metrics : {};
  const slow = latencyS !== undefined && latencyS.now >= SLOW_TIMES * latencyS.baseline && latencyS.now - latencyS.baseline >= SLOW_S;
  const full = saturation !== undefined && saturation.now >= FULL && saturation.now - saturation.baseline >= FULLER;
  const isRead = isFresh && (metrics.now.requests > 0 || metrics.now.seconds > 0);
  if (!isRead || metrics.baseline.requests < LEAST_REQUESTS) {
    const gaugesOnly = isFresh && !isRead && (latencyS !== undefined || saturation !== undefined);
    return { ...NOTHING, fewBefore: isRead, gaugesOnly, slow, full };
  }
  const share = numbers.server_error_share ?? 0;
  const before = numbers.server_error_share_before ?? 0;
  const errorsUp =
    (numbers.error_rise_p_value ?? 1) < SIGNIFICANT && metrics.now.errors >= LEAST_ERRORS && share >= LEAST_RISE * Math.max(before, 1e-6);
  const { requests, errors } = metrics.now;
  const unclear = requests === 0 || (!errorsUp && requests < LEAST_REQUESTS && errors > 0 && share >= LEAST_RISE * Math.max(before, 1e-6));
  return { ...NOTHING, measured: true, unclear, errorsUp, dipped: dip.supports, dipExceeds: dip.exceeds, slow, full };
}

const NOTHING: ServerReading = {
  measured: false,
  fewBefore: false,
  gaugesOnly: false,
  unclear: false,
  errorsUp: false,
  dipped: false,
  dipExceeds: false,
  slow: false,
  full: false,
};

function pairOf<N extends 'server_latency_s' | 'server_saturation'>(name: N, measured: NowAndBefore | undefined) {
  return { [name]: measured?.now ?? null, [`${name}_before`]: measured?.baseline ?? null } as Record<N | `${N}_before`, number | null>;
}

/** The named ones and those that sign, together. */
function probersOf({ probers, signedProbers }: SpikeEvidence) {
  const sum = (of: keyof Probers): number => (probers?.[of] ?? 0) + (signedProbers?.[of] ?? 0);
  const [now, before] = [sum('now') > 0, sum('baseline') > 0];
  return {
    probers: now ? sum('now') : null,
    probers_failing: now ? sum('failing') : null,
    probers_before: before ? sum('baseline') : null,
    probers_failing_before: before ? sum('baselineFailing') : null,
  };
}

const share = (part: number, whole: number): number | null =>
  whole > 0 && Number.isFinite(part / whole) ? Math.min(1, Math.max(0, part / whole)) : null;

export function numbersOf(spike: SpikeEvidence, metrics: ServerEvidence | null, dip: DipReading): VerdictNumbers {
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
    ...probersOf(spike),
    request_dip: dip.missing,
    request_dip_p_value: dip.pValue,
    request_dip_most: dip.most,
  };
  if (now === undefined || before === undefined || !(before.requests > 0)) return { ...base, error_rise_p_value: null };
  const errors = ((before.errors + 0.5) / before.requests) * now.requests;
  return { ...base, error_rise_p_value: upperTail(now.errors, errors, errors + errors ** 2 / (before.errors + 0.5)) };
}
