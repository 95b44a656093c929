/** From the evidence of one finished request to its diagnosis. Pure. */
import { kindOf, phaseOf } from '@outcry/protocol';
import type { Diagnosis, Stage } from '@outcry/protocol';
import { meaningOf } from './codes.js';

export interface Evidence {
  readonly host: string;
  readonly scheme: string;
  /** How far the request was seen to come; `connect` stands for everything before a connection where no more was seen. */
  readonly stage: Stage;
  /** The stage was followed on the socket, not only inferred. */
  readonly exactStage: boolean;
  readonly elapsedMs: number;
  /** 0 without response headers. */
  readonly statusCode: number;
  readonly error: ErrorFacts | undefined;
  /** No interface but loopback has an address. */
  readonly noNetwork: boolean;
}

export interface ErrorFacts {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly syscall: string;
  readonly address: string;
  /** The other side ended or reset the connection; without that a torn connection was the app's own doing. */
  readonly byPeer: boolean;
}

/** `ERR_CANCELED` is axios's. */
const OWN_CODES = /^(UND_ERR_ABORTED|UND_ERR_DESTROYED|UND_ERR_CLOSED|ABORT_ERR|ERR_CANCELED)$/;
const TIMED_OUT = /time(d ?)?-?out/i;
const SLOW_LOOKUP_MS = 5_000;
const ABANDONED_MS = 10_000;
const SINKHOLE = /^(0\.0\.0\.0|127\.0\.0\.1|::1?)$/;
const NOBODY = /^(0\.0\.0\.0|::)$/;
const LOCAL_NAME = /^(localhost|.+\.localhost|[\d.]+|\[.*\])$/;

function diagnosis(type: string, stage: Stage, confidence: number, ...evidence: string[]): Diagnosis {
  return { type, phase: phaseOf(type, stage), kind: kindOf(type, stage), confidence, evidence };
}

/** The app's own timer ran out: the stage says on what. */
function ranOut({ stage, exactStage, elapsedMs }: Evidence, words: string): Diagnosis {
  const seen = `${words} after ${Math.round(elapsedMs)} ms`;
  if (exactStage && stage === 'lookup') return diagnosis('dns.unreachable', stage, 0.7, seen, 'the name was still being resolved');
  if (exactStage && stage === 'connect') return diagnosis('tcp.timed_out', stage, 0.7, seen, 'no connection yet');
  if (exactStage && stage === 'handshake') return diagnosis('tls.failed', stage, 0.7, seen, 'the TLS handshake was under way');
  const answered = stage === 'request' || stage === 'response';
  return diagnosis('abandoned', stage, answered ? 0.9 : 0.5, seen, answered ? 'the request was sent' : 'the stage was not seen');
}

/** The app ended it without a word of time: patience that may have been lost, or nothing that tells of the network. */
function givenUp({ stage, elapsedMs, statusCode }: Evidence): Diagnosis | null {
  return elapsedMs >= ABANDONED_MS && statusCode === 0
    ? diagnosis('abandoned', stage, 0.5, `given up after ${Math.round(elapsedMs)} ms without an answer`)
    : null;
}

/** A connection that ended or was reset under the request. */
function torn(evidence: Evidence, { code, message, syscall, byPeer }: ErrorFacts): Diagnosis | null {
  const { stage, scheme, statusCode } = evidence;
  if (/before secure TLS connection/.test(message)) return diagnosis('tcp.closed', 'handshake', 0.95, message);
  // What Node says of a request that the app destroys, at whatever stage; the system's own resets name their call.
  if (!syscall && !byPeer && message === 'socket hang up') return givenUp(evidence);
  if (stage === 'lookup' || stage === 'connect' || stage === 'handshake' || stage === 'unknown') {
    // A connect that was never accepted is refused or times out; a reset says that it stood for a moment.
    const inHandshake = stage === 'handshake' || (scheme === 'https' && (syscall === 'read' || syscall === 'connect'));
    return diagnosis('tcp.reset', inHandshake ? 'handshake' : 'connect', 0.9, `${code} ${syscall} before the request was sent`);
  }
  if (syscall) return diagnosis('tcp.reset', stage, 0.95, `${code} ${syscall} after the request was sent`);
  if (!byPeer) return null;
  if (statusCode > 0)
    return code === 'UND_ERR_SOCKET'
      ? diagnosis('tcp.closed', 'response', 0.95, 'the connection ended inside the body')
      : diagnosis('http.response.invalid.content_length_mismatch', 'response', 0.95, 'the connection ended inside the body');
  return diagnosis('http.response.invalid.empty', 'request', 0.95, 'the connection ended without an answer');
}

/**
 * What became of a request that failed.
 *
 * @returns The diagnosis, or null for an abort that says nothing about the network (it counts as `aborted`).
 * Never throws. Source: docs/reference/diagnosis-node.md.
 */
export function diagnose(evidence: Evidence): Diagnosis | null {
  const { error, elapsedMs, statusCode, noNetwork, host, stage } = evidence;
  if (!error) return diagnosis('http.error', 'response', 1, `status ${statusCode}`);
  const { code, name, message, address } = error;

  if (name === 'TimeoutError' || /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(code))
    return ranOut(evidence, code.startsWith('UND_') ? code : name);
  // Libraries lend their own timers the system's codes; the system's errors name their call.
  if (/^E(CONNABORTED|TIMEDOUT)$/.test(code) && !error.syscall && TIMED_OUT.test(message)) return ranOut(evidence, 'a timer of the app');
  if (name === 'AbortError' || OWN_CODES.test(code)) return givenUp(evidence);

  if (noNetwork && !LOCAL_NAME.test(host) && /^(EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT)$/.test(code))
    return diagnosis('client.offline', 'unknown', 0.95, `${code}, and no interface has an address`);
  if (code === 'EAI_AGAIN')
    return elapsedMs < SLOW_LOOKUP_MS
      ? diagnosis('dns.failed', 'lookup', 0.9, 'EAI_AGAIN at once: the resolver refused or failed')
      : diagnosis('dns.unreachable', 'lookup', 0.9, `EAI_AGAIN after ${Math.round(elapsedMs)} ms: no resolver answered`);
  if (code === 'ECONNREFUSED' && SINKHOLE.test(address) && !LOCAL_NAME.test(host))
    // A hosts file of a developer may well name this machine; the address of nobody is a block list's.
    return diagnosis(
      'dns.address_changed',
      'lookup',
      NOBODY.test(address) ? 0.95 : 0.8,
      `${code} ${address}: the name leads to this machine`,
    );
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    // One timer of undici spans lookup, TCP and TLS.
    const literal = LOCAL_NAME.test(host) && evidence.scheme === 'http';
    return diagnosis('tcp.timed_out', 'connect', literal ? 0.9 : 0.6, code, 'the timer spans name, TCP and TLS');
  }
  if (code === 'ETIMEDOUT') {
    const before = error.syscall === 'connect' || stage === 'connect' || stage === 'lookup';
    if (before || error.syscall) return diagnosis('tcp.timed_out', before ? 'connect' : 'request', 0.95, `${code} ${error.syscall}`);
    return ranOut(evidence, code);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return torn(evidence, error);

  const known = meaningOf(code, message);
  if (known) return diagnosis(known.type, known.stage, known.confidence, code);
  // Libraries destroy requests with errors of their own.
  if (TIMED_OUT.test(message)) return ranOut(evidence, 'a timer of the app');
  if (!code && !error.byPeer) return elapsedMs >= ABANDONED_MS && statusCode === 0 ? ranOut(evidence, 'given up') : null;
  return diagnosis('unknown', stage, 0.5, code || name);
}
