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
