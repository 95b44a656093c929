/**
 * The words of the failure taxonomy: W3C Network Error Logging types and phases, and our kinds. Which type counts as which kind
 * stands in `kind-of.ts`, apart so that a page loads it only with what diagnoses.
 *
 * Types outside NEL follow its extension pattern `[group].[subgroup].[name]`: `cors.*`, `policy.*` and `client.*` are ours,
 * `h2.*`, `h3.*` and the `http.response.invalid.*` sub-types are those that Chromium also reports.
 * Source: W3C Network Error Logging §6 (predefined types).
 */

/** NEL phases; `unknown` where even the phase cannot be told. */
export const PHASES = ['unknown', 'dns', 'connection', 'application'] as const;
export type Phase = (typeof PHASES)[number];

/** What counts as what, by the stage that failed. `blocked`, `cors` and `offline` are never an outage of the service. */
export const KINDS = ['unknown', 'dns', 'routing', 'tls', 'timeout', 'http', 'cors', 'blocked', 'offline'] as const;
export type Kind = (typeof KINDS)[number];

/** How far a request had come when it failed. A type alone does not always say it: a reset can end any of three stages. */
export type Stage = 'unknown' | 'lookup' | 'connect' | 'handshake' | 'request' | 'response';

/** Every type that our own agents report. Collectors accept others of the same form, since the list grows. */
export const FAILURE_TYPES = [
  'dns.unreachable',
  'dns.name_not_resolved',
  'dns.failed',
  'dns.address_changed',
  'tcp.timed_out',
  'tcp.closed',
  'tcp.reset',
  'tcp.refused',
  'tcp.aborted',
  'tcp.address_invalid',
  'tcp.address_unreachable',
  'tcp.failed',
  'tls.version_or_cipher_mismatch',
  'tls.bad_client_auth_cert',
  'tls.cert.name_invalid',
  'tls.cert.date_invalid',
  'tls.cert.authority_invalid',
  'tls.cert.invalid',
  'tls.cert.revoked',
  'tls.cert.pinned_key_not_in_cert_chain',
  'tls.protocol.error',
  'tls.failed',
  'http.error',
  'http.protocol.error',
  'http.response.invalid',
  'http.response.invalid.empty',
  'http.response.invalid.content_length_mismatch',
  'http.response.redirect_loop',
  'http.failed',
  'h2.protocol.error',
  'h3.protocol.error',
  'abandoned',
  'cors.refused',
  'policy.blocked',
  'policy.csp',
  'policy.mixed_content',
  'client.offline',
  'client.uplink_dead',
  'client.resolver_dead',
  'client.captive_portal',
  'unknown',
] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];

/**
 * Types of Network Error Logging that say what the browser did, not what went wrong: another server address than the policy came from,
 * and a request that was given up, also for CORS or a broken body.
 */
export const NEL_MASKING_TYPES: readonly string[] = ['dns.address_changed', 'abandoned'];

/** Whether a type hides the cause of a failure that a browser reports by itself. */
export const masksCause = (type: string): boolean => NEL_MASKING_TYPES.includes(type);

/** The form of a type on the wire: lower-case words joined by dots, at most four. */
export const TYPE_PATTERN: RegExp = /^[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*){0,3}$/;

/** What an agent concludes about one failed request. */
export interface Diagnosis {
  readonly type: string;
  readonly phase: Phase;
  readonly kind: Kind;
  /** 0 to 1: the share of such diagnoses that are right. */
  readonly confidence: number;
  /** The facts it rests on, in words; kept on the device, never sent. */
  readonly evidence: readonly string[];
}
