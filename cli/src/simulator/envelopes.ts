/** From rows of a simulated history to what clients' agents would have sealed: one client and one envelope each, by the agent's own code. */
import { webcrypto } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw } from 'node:zlib';
import { encodeBody, kindOf, KINDS, phaseOf, type Attempts, type Context, type Failure, type Kind } from '@outcry/protocol';
import { makeSigner, sealEnvelope } from '@outcry/protocol/seal';
import type { FailuresRow } from '@outcry/analyzer';

/** What one client has to tell. */
export interface Telling {
  readonly project: string;
  readonly release: string;
  /** The label of its network. */
  readonly network: string;
  /** Names its address prefix, where it matters which of them are the same. */
  readonly source?: string;
  readonly failures: readonly Failure[];
  readonly attempts: readonly Attempts[];
}

const WHOLE_PPM = 1_000_000;
const { subtle } = webcrypto;
const deflate = promisify(deflateRaw);
const ppm = (share: number): number => Math.min(WHOLE_PPM, Math.max(1, Math.round(WHOLE_PPM * share)));
const isKind = (kind: string): kind is Kind => (KINDS as readonly string[]).includes(kind);

/** The tellings of the clients of a row. @param occurredS - By the clock of now, s. @param source - Names their address prefix. */
export function tellingsOf(row: FailuresRow, occurredS: number, source?: string): Telling[] {
  const { project, release, network, host, kind, type, clients, requests, weight = clients } = row;
  const failure: Failure = {
    occurred_at: Math.floor(occurredS / 10) * 10,
    host,
    scheme: 'https',
    method: 'GET',
    resource: 'fetch',
    route: null,
    phase: phaseOf(type, 'unknown'),
    type,
    kind: isKind(kind) ? kind : kindOf(type, 'unknown'),
    confidence_pct: 90,
    elapsed_ms: 1_000,
    status_code: 0,
    protocol: 'unknown',
    online: true,
    connection: 'unknown',
    claimed_asn: Number(/^AS(\d+)\//.exec(network)?.[1] ?? 0),
    claimed_country: row.country,
    claim_age: '<1h',
    count: Math.max(1, Math.round(requests / clients)),
    span_s: 0,
    sampling_ppm: ppm(clients / weight),
  };
  return Array.from({ length: clients }, () => ({
    project,
    release,
    network,
    failures: [failure],
    attempts: [],
    ...(source !== undefined && { source }),
  }));
}

const contextOf = (project: string, release: string): Context => ({
  source: 'sdk-browser',
  project,
  release,
  runtime: 'chrome',
  runtime_major: 150,
  os: 'android',
  sdk_version: '0.1.0',
  diagnosis_version: 1,
  consent_text: 'simulated',
  consent_method: 'dialog',
});

/** Seals and signs a telling, with a signer of its own: each client of a simulated history is another. */
export async function sealTelling(telling: Telling, recipientKey: Uint8Array, nowMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const body = encodeBody({
    sealed_at: Math.floor(nowMs / 1000),
    context: contextOf(telling.project, telling.release),
    failures: telling.failures,
    attempts: telling.attempts,
    deliveries: [],
    losses: [],
    consents: [],
  });
  const { signer } = await makeSigner(subtle);
  const randomBytes = (length: number): Uint8Array => webcrypto.getRandomValues(new Uint8Array(length));
  return new Uint8Array(await sealEnvelope({ subtle, randomBytes, nowMs, recipientKey, signer, body, deflate }));
}
