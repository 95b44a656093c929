/** What the error codes of Node, undici, OpenSSL and llhttp say by themselves. Source: browser-free lab runs on Node 20.20, docs/reference/diagnosis-node.md. */
import type { Stage } from '@outcry/protocol';

export interface CodeMeaning {
  readonly type: string;
  readonly stage: Stage;
  readonly confidence: number;
}

const at = (stage: Stage, type: string, confidence = 0.95): CodeMeaning => ({ type, stage, confidence });

const DATE = at('handshake', 'tls.cert.date_invalid');
const AUTHORITY = at('handshake', 'tls.cert.authority_invalid');
const LOOKUP = at('lookup', 'dns.failed', 0.9);
const INVALID = at('request', 'http.response.invalid');

/** Made by the watch of undici, which sees no error of `fetch` itself. */
export const REDIRECT_LOOP = 'OUTCRY_REDIRECT_LOOP';

const MEANINGS: Readonly<Record<string, CodeMeaning>> = {
  ENOTFOUND: at('lookup', 'dns.name_not_resolved'),
  ENODATA: at('lookup', 'dns.name_not_resolved'),
  ESERVFAIL: LOOKUP,
  EREFUSED: LOOKUP,
  EAI_FAIL: LOOKUP,
  EAI_NODATA: LOOKUP,
  EAI_NONAME: LOOKUP,
  ETIMEOUT: at('lookup', 'dns.unreachable'),
  ECONNREFUSED: at('connect', 'tcp.refused'),
  EHOSTUNREACH: at('connect', 'tcp.address_unreachable'),
  ENETUNREACH: at('connect', 'tcp.address_unreachable'),
  EHOSTDOWN: at('connect', 'tcp.address_unreachable'),
  EADDRNOTAVAIL: at('connect', 'tcp.address_invalid'),
  ECONNABORTED: at('connect', 'tcp.aborted', 0.8),
  // A local packet filter answers like this; the network was never asked.
  EPERM: at('connect', 'policy.blocked', 0.7),
  EACCES: at('connect', 'policy.blocked', 0.7),
  CERT_HAS_EXPIRED: DATE,
  CERT_NOT_YET_VALID: DATE,
  ERR_TLS_CERT_ALTNAME_INVALID: at('handshake', 'tls.cert.name_invalid'),
  DEPTH_ZERO_SELF_SIGNED_CERT: AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: AUTHORITY,
  CERT_UNTRUSTED: AUTHORITY,
  INVALID_CA: AUTHORITY,
  CERT_REVOKED: at('handshake', 'tls.cert.revoked'),
  CERT_SIGNATURE_FAILURE: at('handshake', 'tls.cert.invalid'),
  INVALID_PURPOSE: at('handshake', 'tls.cert.invalid'),
  CERT_CHAIN_TOO_LONG: at('handshake', 'tls.cert.invalid'),
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: at('response', 'http.response.invalid.content_length_mismatch'),
  [REDIRECT_LOOP]: at('response', 'http.response.redirect_loop', 0.9),
  UND_ERR_HEADERS_OVERFLOW: INVALID,
  UND_ERR_RES_EXCEEDED_MAX_SIZE: INVALID,
};

/** OpenSSL's alerts that mean "no version or cipher in common". */
const MISMATCH = /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|NO_SHARED_CIPHER|HANDSHAKE_FAILURE|NO_PROTOCOLS_AVAILABLE|INSUFFICIENT_SECURITY/;
const CLIENT_CERT = /CERTIFICATE_REQUIRED|ALERT_(BAD|UNSUPPORTED|UNKNOWN|NO)_CERT/;

/**
 * The meaning of a code that needs no other evidence; undefined where the stage or the time decides.
 *
 * @param code - `error.code`.
 * @param message - `error.message`; only `EPROTO` needs it, since Node's https hides OpenSSL's reason there.
 * Never throws.
 */
export function meaningOf(code: string, message: string): CodeMeaning | undefined {
  // Libraries make codes too; one may be named like something every object inherits.
  if (Object.hasOwn(MEANINGS, code)) return MEANINGS[code];
  if (code.startsWith('HPE_')) return INVALID;
  if (!code.startsWith('ERR_SSL_') && code !== 'EPROTO') return undefined;
  const reason = `${code} ${message}`.toUpperCase().replace(/\s/g, '_');
  if (CLIENT_CERT.test(reason)) return at('handshake', 'tls.bad_client_auth_cert', 0.9);
  return at('handshake', MISMATCH.test(reason) ? 'tls.version_or_cipher_mismatch' : 'tls.protocol.error');
}
