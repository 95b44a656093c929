/** Envelopes as an agent seals them, and a collector to send them to, for the tests of the collector. */
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { encodeBody, fromBase64Url, type Attempts, type Context, type Failure, type ReportBody } from '@outcry/protocol';
import { makeRecipientKey } from '@outcry/protocol/open';
import { makeSigner, sealEnvelope, type Signer } from '@outcry/protocol/seal';
import type { ClickHouseClient } from '@outcry/storage';
import { startCollector, type CollectorOptions } from '@outcry/collector';

export const KEY = makeRecipientKey();
export const HOST = 'api.shop.example';
const subtle = webcrypto.subtle as SubtleCrypto;
const deflate = (bytes: Uint8Array): Promise<Uint8Array> => Promise.resolve(new Uint8Array(deflateRawSync(bytes)));

export const context = (change: Partial<Context> = {}): Context => ({
  source: 'sdk-browser',
  project: 'shop',
  release: '4.2.1',
  runtime: 'firefox',
  runtime_major: 153,
  os: 'linux',
  sdk_version: '0.1.0',
  diagnosis_version: 1,
  consent_text: 'v3',
  consent_method: 'dialog',
  ...change,
});

export const failure = (change: Partial<Failure> = {}): Failure => ({
  occurred_at: Math.floor(Date.now() / 10_000) * 10,
  host: HOST,
  scheme: 'https',
  method: 'GET',
  resource: 'fetch',
  route: 'checkout',
  phase: 'connection',
  type: 'tcp.timed_out',
  kind: 'routing',
  confidence_pct: 90,
  elapsed_ms: 5_000,
  status_code: 0,
  protocol: 'unknown',
  online: true,
  connection: 'wifi',
  claimed_asn: 0,
  claimed_country: '',
  claim_age: 'none',
  count: 1,
  span_s: 0,
  sampling_ppm: 1_000_000,
  ...change,
});

export const attempts = (change: Partial<Attempts> = {}): Attempts => ({
  host: HOST,
  bin_start: Math.floor(Date.now() / 300_000) * 300,
  made: 10,
  succeeded: 9,
  failed: 1,
  aborted: 0,
  panel_ppm: 1_000_000,
  ...change,
});

export const body = (change: Partial<ReportBody> = {}): ReportBody => ({
  sealed_at: Math.floor(Date.now() / 1000),
  context: context(),
  failures: [failure()],
  attempts: [],
  deliveries: [],
  losses: [],
  consents: [],
  ...change,
});

export interface SealChange {
  readonly signer?: Signer;
  readonly nowMs?: number;
  readonly recipientKey?: string;
  /** Seals these bytes instead of the body's. */
  readonly raw?: Uint8Array;
  readonly plain?: boolean;
  /** Taken for deflated as it is. */
  readonly deflated?: Uint8Array;
}

let ownSigner: Promise<{ signer: Signer }> | undefined;

/** Seals a body with suite 1, by default for `KEY`, now, by one signer. */
export async function seal(content: ReportBody = body(), change: SealChange = {}): Promise<Buffer> {
  ownSigner ??= makeSigner(subtle);
  const { deflated } = change;
  return Buffer.from(
    await sealEnvelope({
      subtle,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
      nowMs: change.nowMs ?? Date.now(),
      recipientKey: fromBase64Url(change.recipientKey ?? KEY.publicKey),
      signer: change.signer ?? (await ownSigner).signer,
      body: change.raw ?? encodeBody(content),
      ...(change.plain === true ? {} : { deflate: deflated === undefined ? deflate : () => Promise.resolve(deflated) }),
    }),
  );
}

export const newSigner = async (): Promise<Signer> => (await makeSigner(subtle)).signer;

interface InsertCall {
  readonly table: string;
  readonly values: AsyncIterable<Buffer>;
  readonly clickhouse_settings: Record<string, unknown>;
}

/** A storage client of which only `insert` is used; it is told of every row as a line of text. */
export function storageOf(insert: (call: { table: string; values: string[]; token: string }) => Promise<void>): ClickHouseClient {
  const client = {
    insert: async ({ table, values, clickhouse_settings }: InsertCall) => {
      let text = '';
      for await (const chunk of values) text += chunk.toString('latin1');
      await insert({ table, values: text.split('\n').slice(0, -1), token: String(clickhouse_settings['insert_deduplication_token']) });
    },
  };
  return client as unknown as ClickHouseClient;
}

export const temporaryDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'outcry-collector-'));
export const removeDirectory = (directory: string): Promise<void> => rm(directory, { recursive: true, force: true });

type PlainOptions = Omit<CollectorOptions, 'storage' | 'log' | 'now'>;

/** Options of a collector on a free loopback port, as they may travel to another process. */
export const plainOptions = (dataDir: string, change: Partial<PlainOptions> = {}): PlainOptions => ({
  name: 'c1',
  host: '127.0.0.1',
  port: 0,
  dataDir,
  keys: [KEY],
  projects: {
    shop: { hosts: [HOST], stage: 'production' },
    'shop-dev': { hosts: [HOST], stage: 'development' },
  },
  ...change,
});

/** The same with storage that takes everything; `log` is silent. */
export const options = (dataDir: string, change: Partial<CollectorOptions> = {}): CollectorOptions => ({
  ...plainOptions(dataDir),
  storage: storageOf(() => Promise.resolve()),
  log: () => undefined,
  ...change,
});

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
}

/** Posts bytes to a collector. Gives up after `withinMs`, as agents do. */
export async function post(url: string, bytes: Uint8Array, headers: Record<string, string> = {}, withinMs?: number): Promise<Answer> {
  const signal = withinMs === undefined ? null : AbortSignal.timeout(withinMs);
  const response = await fetch(`${url}/v1/reports`, { method: 'POST', body: Buffer.from(bytes), headers, signal });
  const text = await response.text();
  return {
    status: response.status,
    code: text === '' ? undefined : (JSON.parse(text) as { code: string }).code,
    headers: response.headers,
  };
}

export { startCollector };
