/** Rows of a watched shop on eight networks, as collectors would have inserted them. Times are whole seconds since the epoch. */
import type { AttemptRow, ReportRow } from '@outcry/storage';

export const HOST = 'api.shop.example';
export const NETWORKS = ['AS3320/DE', 'AS6805/DE', 'AS3215/FR', 'AS2856/GB', 'AS7922/US', 'AS701/US', 'AS55836/IN', 'AS9498/IN'];

let nextId = 1n;

const place = (network: string, at: number, client: string) => ({
  received_at: Math.floor((at + 3) / 10) * 10,
  collector: 'c1',
  sealed_day: Math.floor(at / 86_400),
  event_time: at,
  time_trust: 'device' as const,
  network,
  country: network.split('/')[1] ?? 'ZZ',
  lateness_s: 0,
  signer: client,
  weight: 1,
});
const context = { source: 'sdk-node', project: 'shop', release: '4.2.1', runtime: 'node', runtime_major: 20, os: 'linux' } as const;

export function failure(network: string, at: number, client: number, extra: Partial<ReportRow> = {}): ReportRow {
  return {
    ...context,
    sdk_version: '0.1.0',
    diagnosis_version: 1,
    consent_text: 'v1',
    consent_method: 'operator',
    occurred_at: at,
    host: HOST,
    scheme: 'http',
    method: 'GET',
    resource: 'fetch',
    route: null,
    phase: 'application',
    type: 'http.failed',
    kind: 'timeout',
    confidence_pct: 90,
    elapsed_ms: 10_000,
    status_code: 0,
    protocol: 'unknown',
    online: true,
    connection: 'unknown',
    claimed_asn: 0,
    claimed_country: '',
    claim_age: 'none',
    count: 1,
    span_s: 0,
    sampling_ppm: 1_000_000,
    ...place(network, at, String(1_000_000 + client)),
    crowd: '',
    report_id: String(nextId++),
    ...extra,
  };
}
export function attempts(network: string, at: number, client: number, made: number, failed: number): AttemptRow {
  return {
    ...context,
    host: HOST,
    bin_start: at,
    made,
    succeeded: made - failed,
    failed,
    aborted: 0,
    panel_ppm: 1_000_000,
    ...place(network, at, String(1_000_000 + client)),
    attempt_id: String(nextId++),
  };
}
/** Client numbers of a network: 100 × its index and up. */
export const client = (network: string, n: number): number => 100 * (1 + NETWORKS.indexOf(network)) + n;
export const floor10 = (s: number): number => Math.floor(s / 10) * 10;

/** `clients` of a network fail in each 10 s from `from` to before `to`. */
export function outage(network: string, from: number, to: number, clients: number, extra: Partial<ReportRow> = {}): ReportRow[] {
  const rows: ReportRow[] = [];
  for (let at = floor10(from); at < to; at += 10)
    for (let n = 0; n < clients; n++) rows.push(failure(network, at, client(network, n), extra));
  return rows;
}

/** Two hours before `untilS` in which now and then one client fails. */
export function quietFailures(untilS: number): ReportRow[] {
  return Array.from({ length: 90 }, (_, i) => {
    const network = NETWORKS[i % NETWORKS.length] ?? '';
    return failure(network, floor10(untilS - 7_190 + i * 78), client(network, i % 30));
  });
}

/** What five clients of every network tell of their requests in the two hours before `untilS`. */
export function quietAttempts(untilS: number): AttemptRow[] {
  const rows: AttemptRow[] = [];
  for (let at = untilS - 7_200; at < untilS - 300; at += 300)
    for (const network of NETWORKS) for (let n = 0; n < 5; n++) rows.push(attempts(network, at, client(network, n), 30, 0));
  return rows;
}
