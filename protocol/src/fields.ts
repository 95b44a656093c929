/**
 * Every field that an agent can put on the wire: name, type, bounds and order. The single source; validation, wire order,
 * ClickHouse columns, the privacy inventory and the docs derive from it. Purposes and privacy classes stand in `field-notes.ts`.
 *
 * On the wire a record is a CBOR array in this order. `choice` fields travel as the index of their value; index 0 is what
 * an agent says when it does not know. The order is append-only; a collector counts and ignores unknown trailing fields.
 */
import { KINDS, PHASES, TYPE_PATTERN } from './kinds.js';

interface UintField<N extends string> {
  readonly name: N;
  readonly type: 'uint';
  readonly min: number;
  readonly max: number;
}
interface BoolField<N extends string> {
  readonly name: N;
  readonly type: 'bool';
}
interface TextField<N extends string> {
  readonly name: N;
  readonly type: 'text';
  readonly maxLength: number;
  readonly pattern: RegExp;
}
interface OptionalTextField<N extends string> {
  readonly name: N;
  readonly type: 'text?';
  readonly maxLength: number;
  readonly pattern: RegExp;
}
interface ChoiceField<N extends string, V extends string> {
  readonly name: N;
  readonly type: 'choice';
  readonly values: readonly V[];
}
interface TextsField<N extends string> {
  readonly name: N;
  readonly type: 'texts';
  readonly maxItems: number;
  readonly maxLength: number;
  readonly pattern: RegExp;
}
export type Field =
  UintField<string> | BoolField<string> | TextField<string> | OptionalTextField<string> | ChoiceField<string, string> | TextsField<string>;

/** The largest integer on the wire. */
export const MAX_UINT = 4_294_967_295;

const uint = <const N extends string>(name: N, max: number = MAX_UINT, min: number = 0): UintField<N> => ({ name, type: 'uint', min, max });
const bool = <const N extends string>(name: N): BoolField<N> => ({ name, type: 'bool' });
const text = <const N extends string>(name: N, maxLength: number, pattern: RegExp): TextField<N> => ({
  name,
  type: 'text',
  maxLength,
  pattern,
});
const optionalText = <const N extends string>(name: N, maxLength: number, pattern: RegExp): OptionalTextField<N> => ({
  name,
  type: 'text?',
  maxLength,
  pattern,
});
const choice = <const N extends string, const V extends string>(name: N, values: readonly V[]): ChoiceField<N, V> => ({
  name,
  type: 'choice',
  values,
});
const texts = <const N extends string>(name: N, maxItems: number, maxLength: number, pattern: RegExp): TextsField<N> => ({
  name,
  type: 'texts',
  maxItems,
  maxLength,
  pattern,
});

/** A host name in lower case, or an IP literal as a URL shows it; no port. */
export const HOST_PATTERN: RegExp =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?|\[[0-9a-f:.]+\])$/;
export const PROJECT_PATTERN: RegExp = /^[a-z0-9][a-z0-9._-]{0,39}$/;
export const RELEASE_PATTERN: RegExp = /^[0-9A-Za-z.+_-]{1,40}$/;
/** A route is a name from the developer's own list, such as `checkout` or `/cart/:id`; never a path that was requested. */
export const ROUTE_PATTERN: RegExp = /^[0-9A-Za-z/:._*-]{1,60}$/;

export const SOURCES = ['sdk-browser', 'sdk-node', 'nel', 'probe'] as const;
export type Source = (typeof SOURCES)[number];
export const CONSENT_METHODS = ['other', 'dialog', 'settings', 'element', 'operator'] as const;
export type ConsentMethod = (typeof CONSENT_METHODS)[number];
export const LOSS_REASONS = [
  'other',
  'queue_full',
  'too_old',
  'too_large',
  'sampled_out',
  'before_send',
  'rejected',
  'storage_failed',
  'no_crypto',
  'byte_budget',
  'lease_lost',
  'paused',
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];
export const LOSS_BUCKETS = ['1', '2-9', '10-99', '>=100'] as const;

/** What all records of one envelope share. */
export const CONTEXT_FIELDS = [
  choice('source', SOURCES),
  text('project', 40, PROJECT_PATTERN),
  text('release', 40, RELEASE_PATTERN),
  choice('runtime', ['other', 'chrome', 'edge', 'firefox', 'safari', 'webkit', 'samsung', 'opera', 'node', 'bun', 'deno']),
  uint('runtime_major', 9999),
  choice('os', ['other', 'windows', 'macos', 'linux', 'android', 'ios', 'chromeos']),
  text('sdk_version', 20, /^\d+\.\d+\.\d+$/),
  uint('diagnosis_version', 9999),
  text('consent_text', 40, RELEASE_PATTERN),
  choice('consent_method', CONSENT_METHODS),
] as const;

/** One failed request, or several identical ones folded into one. Times are seconds since the epoch. */
export const FAILURE_FIELDS = [
  uint('occurred_at'),
  text('host', 253, HOST_PATTERN),
  choice('scheme', ['other', 'https', 'http', 'wss', 'ws']),
  choice('method', ['other', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
  choice('resource', ['other', 'fetch', 'xhr', 'script', 'image', 'style', 'font', 'media', 'websocket', 'eventsource', 'beacon', 'http']),
  optionalText('route', 60, ROUTE_PATTERN),
  choice('phase', PHASES),
  text('type', 60, TYPE_PATTERN),
  choice('kind', KINDS),
  uint('confidence_pct', 100),
  uint('elapsed_ms', 1_000_000),
  uint('status_code', 599),
  choice('protocol', ['unknown', 'http/1.0', 'http/1.1', 'h2', 'h3', 'ws']),
  bool('online'),
  choice('connection', ['unknown', 'wifi', 'cellular', 'ethernet', 'none', 'other']),
  uint('claimed_asn'),
  text('claimed_country', 2, /^([A-Z]{2})?$/),
  choice('claim_age', ['none', '<1h', '<1d', '>=1d']),
  uint('count', MAX_UINT, 1),
  uint('span_s', 86_400),
  uint('sampling_ppm', 1_000_000, 1),
] as const;

/** The denominator: requests to one host in one 5-minute bin, from devices drawn independently of failures. */
export const ATTEMPT_FIELDS = [
  text('host', 253, HOST_PATTERN),
  uint('bin_start'),
  uint('made'),
  uint('succeeded'),
  uint('failed'),
  uint('aborted'),
  uint('panel_ppm', 1_000_000, 1),
] as const;

/** What became known of an earlier envelope only after it was sealed. Collectors are named by their host. */
export const DELIVERY_FIELDS = [
  uint('sent_at'),
  text('collector', 253, HOST_PATTERN),
  texts('failed_collectors', 8, 253, HOST_PATTERN),
  choice('tries', ['1', '2-9', '10-99', '>=100']),
  choice('later_retry', ['unknown', 'worked', 'failed']),
] as const;

/** What the agent dropped, and why; counts only as orders of magnitude. */
export const LOSS_FIELDS = [choice('reason', LOSS_REASONS), choice('bucket', LOSS_BUCKETS)] as const;

/** A consent given on this device, sent once. Denials never leave the device. */
export const CONSENT_FIELDS = [
  text('text', 40, RELEASE_PATTERN),
  text('text_hash', 43, /^([0-9A-Za-z_-]{43})?$/),
  choice('method', CONSENT_METHODS),
  uint('granted_day', 65_535),
] as const;

type ValueOf<F extends Field> = F extends { readonly type: 'uint' }
  ? number
  : F extends { readonly type: 'bool' }
    ? boolean
    : F extends { readonly type: 'text' }
      ? string
      : F extends { readonly type: 'text?' }
        ? string | null
        : F extends { readonly values: readonly (infer V)[] }
          ? V
          : readonly string[];

/** The object form of a record whose wire form is described by a field table. */
export type RecordOf<T extends readonly Field[]> = { readonly [F in T[number] as F['name']]: ValueOf<F> };

export type Context = RecordOf<typeof CONTEXT_FIELDS>;
export type Failure = RecordOf<typeof FAILURE_FIELDS>;
export type Attempts = RecordOf<typeof ATTEMPT_FIELDS>;
export type Delivery = RecordOf<typeof DELIVERY_FIELDS>;
export type Loss = RecordOf<typeof LOSS_FIELDS>;
export type Consent = RecordOf<typeof CONSENT_FIELDS>;

/** The opened body of one envelope. `sealed_at` is in seconds since the epoch, by the device's clock. */
export interface ReportBody {
  readonly sealed_at: number;
  readonly context: Context;
  readonly failures: readonly Failure[];
  readonly attempts: readonly Attempts[];
  readonly deliveries: readonly Delivery[];
  readonly losses: readonly Loss[];
  readonly consents: readonly Consent[];
}
