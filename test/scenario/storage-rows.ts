/** Rows with every column, to be varied by a test. */
import type { AttemptRow, ConsentRow, DeliveryRow, LossRow, ReportRow } from '@outcry/storage';

export const DAY_S = 86_400;
const nowS = Math.floor(Date.now() / 10_000) * 10;

const CONTEXT = {
  source: 'sdk-browser',
  project: 'shop',
  release: '4.2.1',
  runtime: 'chrome',
  runtime_major: 156,
  os: 'android',
  sdk_version: '0.1.0',
  diagnosis_version: 1,
  consent_text: 'v3',
  consent_method: 'dialog',
} as const;
const ARRIVAL = { received_at: nowS, collector: 'c1', sealed_day: Math.floor(nowS / DAY_S) };
const PLACE = {
  event_time: nowS,
  time_trust: 'device',
  network: 'AS3320/DE',
  country: 'DE',
  lateness_s: 0,
  signer: '1',
  weight: 1,
} as const;

export function reportRow(change: Partial<ReportRow> = {}): ReportRow {
  return {
    ...CONTEXT,
    occurred_at: nowS,
    host: 'api.shop.example',
    scheme: 'https',
    method: 'GET',
    resource: 'fetch',
    route: null,
    phase: 'connection',
    type: 'tcp.timed_out',
    kind: 'routing',
    confidence_pct: 60,
    elapsed_ms: 20_000,
    status_code: 0,
    protocol: 'h2',
    online: true,
    connection: 'wifi',
    claimed_asn: 3320,
    claimed_country: 'DE',
    claim_age: '<1h',
    count: 1,
    span_s: 0,
    sampling_ppm: 1_000_000,
    ...ARRIVAL,
    ...PLACE,
    crowd: '',
    report_id: '18446744073709551615',
    ...change,
  };
}

export function attemptRow(change: Partial<AttemptRow> = {}): AttemptRow {
  const { source, project, release, runtime, runtime_major, os } = CONTEXT;
  const counts = { made: 12, succeeded: 11, failed: 1, aborted: 0, panel_ppm: 1_000_000 };
  const bin_start = Math.floor(nowS / 300) * 300;
  return {
    source,
    project,
    release,
    runtime,
    runtime_major,
    os,
    host: 'api.shop.example',
    bin_start,
    ...counts,
    ...ARRIVAL,
    ...PLACE,
    attempt_id: '2',
    ...change,
  };
}

export function deliveryRow(): DeliveryRow {
  const { source, project, release } = CONTEXT;
  return {
    source,
    project,
    release,
    sent_at: nowS,
    delivered_to: 'c2.example.org',
    failed_collectors: ['c1.example.net', 'c3.example.com'],
    tries: '2-9',
    later_retry: 'worked',
    ...ARRIVAL,
    network: 'AS3320/DE',
    country: 'DE',
    signer: '1',
    delivery_id: '3',
  };
}

export function lossRow(): LossRow {
  const { source, project, release, runtime, sdk_version } = CONTEXT;
  return { source, project, release, runtime, sdk_version, reason: 'queue_full', bucket: '10-99', ...ARRIVAL, loss_id: '4' };
}

export function consentRow(): ConsentRow {
  const { source, project, release } = CONTEXT;
  return { source, project, release, text: 'v3', text_hash: '', method: 'dialog', granted_day: 20_700, ...ARRIVAL, consent_id: '5' };
}
