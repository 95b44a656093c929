/**
 * From the JSON that a browser posts to what may be kept of it. Pure. Of a report only type, phase, host, status, elapsed time and
 * time are read into the result; path, query, referrer, server address, method, protocol and user agent end here.
 * Source: W3C Network Error Logging §7 (reports), Reporting API §3.5 (serialisation).
 */
import { bucketMs, kindOf, masksCause, TYPE_PATTERN, type Failure } from '@outcry/protocol';

/** What became of one report of an upload; the words are those of the metric. */
export const NEL_OUTCOMES = [
  'stored',
  'repeat',
  'unknown_host',
  'invalid',
  'too_old',
  'success',
  'client_error',
  'other_type',
  'over_limit',
] as const;
export type NelOutcome = (typeof NEL_OUTCOMES)[number];

/** A browser holds at most so many reports of one origin, and sends them all at once. */
export const MAX_NEL_REPORTS = 100;
const MAX_TYPE_LENGTH = 60;
const MAX_URL_LENGTH = 8_192;
/** A policy is not used after two days without a fresh one, so no report can be older. */
const MAX_AGE_MS = 172_800_000;
const WHOLE_PPM = 1_000_000;
const GRAIN_S = 10;
const PHASES: readonly unknown[] = ['dns', 'connection', 'application'];
export interface NelReport {
  readonly failure: Failure;
  /** When it happened by this clock, milliseconds since the epoch. */
  readonly occurredAtMs: number;
  /** Everything of the report that a second copy of it repeats; for recognising that copy, never kept. */
  readonly likeness: string;
}

type Loose = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Loose => typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown, max: number): value is number => typeof value === 'number' && value >= 0 && value <= max;

function hostOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || url.length > MAX_URL_LENGTH) return undefined;
  try {
    const { protocol, hostname } = new URL(url);
    return protocol === 'https:' ? hostname : undefined;
  } catch {
    return undefined;
  }
}

function readReport(report: unknown, hosts: ReadonlySet<string>, nowMs: number): NelReport | NelOutcome {
  if (!isObject(report)) return 'invalid';
  const { type: reportType, age = 0, url, body } = report;
  if (reportType !== 'network-error') return 'other_type';
  if (!isObject(body)) return 'invalid';
  const { type, phase, elapsed_time: elapsed = 0, status_code: status = 0, sampling_fraction: fraction = 1 } = body;
  if (typeof type !== 'string' || type.length > MAX_TYPE_LENGTH || !TYPE_PATTERN.test(type)) return 'invalid';
  const host = hostOf(url);
  if (host === undefined || !PHASES.includes(phase) || !isNumber(age, Infinity)) return 'invalid';
  if (!isNumber(elapsed, Infinity) || !isNumber(status, 599) || !isNumber(fraction, 1) || fraction === 0) return 'invalid';
  if (!hosts.has(host)) return 'unknown_host';
  if (type === 'ok') return 'success';
  // What the service answered on purpose is no failure of the way to it.
  if (type === 'http.error' && status < 500) return 'client_error';
  if (age > MAX_AGE_MS) return 'too_old';
  let likeness: string;
  try {
    likeness = JSON.stringify([url, body, report['user_agent']]);
  } catch {
    // Nested deeper than the stack goes, which no browser does.
    return 'invalid';
  }
  const occurredAtMs = nowMs - age;
  const failure: Failure = {
    occurred_at: Math.floor(occurredAtMs / 1000 / GRAIN_S) * GRAIN_S,
    host,
    scheme: 'https',
    method: 'other',
    resource: 'other',
    route: null,
    phase: phase as Failure['phase'],
    type,
    kind: kindOf(type),
    confidence_pct: masksCause(type) ? 0 : 100,
    elapsed_ms: bucketMs(elapsed),
    status_code: Math.floor(status),
    protocol: 'unknown',
    online: true,
    connection: 'unknown',
    claimed_asn: 0,
    claimed_country: '',
    claim_age: 'none',
    count: 1,
    span_s: 0,
    sampling_ppm: Math.max(1, Math.round(fraction * WHOLE_PPM)),
  };
  return { failure, occurredAtMs, likeness };
}

/**
 * Reads an upload of the Reporting API.
 *
 * @param bytes - JSON: a list of reports.
 * @param hosts - the project's; reports about others are counted and left out.
 * @param nowMs - the collector's clock; a report tells its age, so its own clock does not matter.
 * @returns what may be kept and how many reports had each outcome (of those not kept), or undefined when it is no such list.
 * Never throws.
 */
export function readNelReports(
  bytes: Buffer,
  hosts: ReadonlySet<string>,
  nowMs: number,
): { readonly reports: readonly NelReport[]; readonly outcomes: Map<NelOutcome, number> } | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const outcomes = new Map<NelOutcome, number>();
  const add = (outcome: NelOutcome, count = 1): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
  const reports: NelReport[] = [];
  for (const item of parsed.slice(0, MAX_NEL_REPORTS) as unknown[]) {
    const read = readReport(item, hosts, nowMs);
    if (typeof read === 'string') add(read);
    else reports.push(read);
  }
  if (parsed.length > MAX_NEL_REPORTS) add('over_limit', parsed.length - MAX_NEL_REPORTS);
  return { reports, outcomes };
}
