/**
 * Is it us? The clients' failures beside the server's own metrics.
 *
 * Server errors up: P(at least so many errors | requests now × share before) by a Poisson test with the uncertainty of both windows,
 * below 1e-3, at least 5 errors and at least twice the share before. Dip: requests now against the rate before with the given (default 10 %) wander of the level,
 * below 1e-3 and at least 3 % missing. Both windows are the caller's choice. A dip alone never makes a verdict.
 */
import { lowerTail, upperTail } from '../detect/tails.js';
import type { ServerEvidence, SpikeEvidence, Verdict, VerdictName, VerdictNumbers } from './verdict.js';

const SIGNIFICANT = 1e-3;
const LEAST_ERRORS = 5;
const LEAST_RISE = 2;
const LEAST_DIP = 0.03;
/** Requests per window vary more than Poisson; the sd of the level, as a share, where it was not measured, and the least that is believed. */
const LEVEL_SD = 0.1;
const LEAST_LEVEL_SD = 0.02;
/** Requests before, below which a share or a dip says nothing. */
const LEAST_REQUESTS = 20;

interface ServerReading {
  readonly measured: boolean;
  readonly errorsUp: boolean;
  readonly dipped: boolean;
}

/**
 * @param spike - The clients' side. @param metrics - The server's side; null when none is configured or nothing could be read.
 * @returns A verdict with every number it rests on and what would change it. Pure; never throws.
 */
export function pair(spike: SpikeEvidence, metrics: ServerEvidence | null): Verdict {
  const numbers = numbersOf(spike, metrics);
  const server = readServer(metrics, numbers);
  const network = spike.place.network ?? null;
  const attemptsUp =
    (numbers.attempts_failed_share ?? 0) > 2 * (numbers.attempts_failed_share_before ?? 1) && (spike.attempts?.failed ?? 0) >= 3;
  const uncorroborated = network !== null && spike.networksFailing <= 1 && !server.dipped && !server.errorsUp && !attemptsUp;
  const { verdict, because, wouldChange } = decide(spike, server, metrics !== null);
  return {
    verdict,
    uncorroborated,
    because: [
      ...because,
      ...(server.dipped ? ['The server also gets fewer requests than before, as it would when clients cannot reach it.'] : []),
      ...(attemptsUp ? ['The share of failed requests among all requests of these clients rose too.'] : []),
      ...(uncorroborated ? ['Only reports of one network say so; nothing independent supports them yet.'] : []),
    ],
    numbers,
    wouldChange,
    runbook: `runbooks/${verdict}.md`,
  };
}

function decide(
  spike: SpikeEvidence,
  server: ServerReading,
  configured: boolean,
): { verdict: VerdictName; because: string[]; wouldChange: string[] } {
  const { place, type = null, offline } = spike;
  const everywhere = !place.network && !place.country && !place.release;
  if (offline !== undefined && offline.now - offline.baseline > Math.max(3, spike.failingClients)) {
    return {
      verdict: 'local',
      because: ['More clients of the same place report that their own connection is down than report this failure.'],
      wouldChange: ['Fewer clients without any connection while the failures go on.'],
    };
  }
  if (place.release && !place.network && !place.country) {
    return {
      verdict: 'release',
      because: ['The failures lie in one release of the app and in no particular network or country.'],
      wouldChange: ['The same failures in other releases.', 'A place that holds the failures better than the release does.'],
    };
  }
  if (server.measured && server.errorsUp) {
    return {
      verdict: 'inside',
      because: ["The server's own share of errors rose together with the clients' failures."],
      wouldChange: ["The server's share of errors back at its usual level while clients go on failing."],
    };
  }
  if (everywhere && type !== null && type.startsWith('tls.cert.')) {
    return {
      verdict: 'inside',
      because: ['Clients everywhere refuse the certificate; the server cannot count requests that end before they begin.'],
      wouldChange: ['The failures limited to one network: then something on the path answers in place of the server.'],
    };
  }
  if (everywhere && type === 'tcp.refused') {
    return {
      verdict: 'inside',
      because: ['Clients everywhere find the port closed; that answer comes from the server or what stands in front of it.'],
      wouldChange: ['The failures limited to one network.'],
    };
  }
  if (!server.measured) {
    return {
      verdict: 'undetermined',
      because: [
        configured
          ? 'The server metrics are missing or too old to be compared, so the side of the fault cannot be told.'
          : 'No server metrics are configured for this host, so the side of the fault cannot be told.',
      ],
      wouldChange: ["The server's error share of the last minutes: if it rose, the fault is inside; if not, outside."],
    };
  }
  return {
    verdict: 'outside',
    because: [
      "The server's own share of errors is at its usual level while clients fail.",
      ...(place.network ? ['The failures lie in one network.'] : []),
      ...(everywhere
        ? ['They are not limited to a place, so look also at what all clients share: the name, the entry network, the load balancer.']
        : []),
    ],
    wouldChange: [
      "A rise of the server's own error share.",
      ...(everywhere ? [] : ['The same failures from other places.']),
      'A fault at an entry (edge, load balancer) of your own that does not count its requests.',
    ],
  };
}

function readServer(metrics: ServerEvidence | null, numbers: VerdictNumbers): ServerReading {
  if (metrics === null || !metrics.fresh || metrics.baseline.requests < LEAST_REQUESTS)
    return { measured: false, errorsUp: false, dipped: false };
  const share = numbers.server_error_share ?? 0;
  const before = numbers.server_error_share_before ?? 0;
  const errorsUp =
    (numbers.error_rise_p_value ?? 1) < SIGNIFICANT && metrics.now.errors >= LEAST_ERRORS && share >= LEAST_RISE * Math.max(before, 1e-6);
  const dipped = (numbers.request_dip_p_value ?? 1) < SIGNIFICANT && (numbers.request_dip ?? 0) >= LEAST_DIP;
  return { measured: true, errorsUp, dipped };
}

const share = (part: number, whole: number): number | null =>
  whole > 0 && Number.isFinite(part / whole) ? Math.min(1, Math.max(0, part / whole)) : null;

function numbersOf(spike: SpikeEvidence, metrics: ServerEvidence | null): VerdictNumbers {
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
