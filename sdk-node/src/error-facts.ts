import type { ErrorFacts } from './diagnose.js';

interface LooseError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly syscall?: unknown;
  readonly address?: unknown;
  readonly errors?: readonly LooseError[];
  readonly cause?: LooseError;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * What an error tells, whoever made it: the first of an AggregateError (several addresses were tried), and the reason of an
 * abort, which http hides in `cause`.
 *
 * @param byPeer - Whether the other side was seen to end the connection.
 * Never throws.
 */
export function factsOf(thrown: unknown, byPeer: boolean): ErrorFacts {
  const outer = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as LooseError;
  const timedOut = outer.cause?.name === 'TimeoutError';
  const error = timedOut ? outer.cause : (outer.errors?.[0] ?? outer);
  return {
    name: text(error.name) || 'Error',
    code: text(error.code),
    message: text(error.message).slice(0, 300),
    syscall: text(error.syscall),
    address: text(error.address),
    byPeer,
  };
}

/** Codes of a handshake that somebody took part in, and shows a certificate or a language that is not the one of who was asked. */
const ANOTHER = /CERT|SIGNATURE|^(INVALID_|ERR_SSL_|HPE_|EPROTO$)/;

/**
 * Whether a request of our own, sent with `redirect: 'error'`, was answered by somebody in the place of who was asked: a sign-in page
 * leads elsewhere, or has no certificate for the name. Never throws.
 */
export function wasAnsweredByAnother(thrown: unknown): boolean {
  const { code, message } = factsOf((thrown as LooseError | undefined)?.cause, false);
  return ANOTHER.test(code) || message === 'unexpected redirect';
}
