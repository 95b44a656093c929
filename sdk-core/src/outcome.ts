import type { Kind } from '@outcry/protocol';

/**
 * How a failed request enters the attempts: a failure that is never an outage of the service (CORS, blocked, offline) counts as
 * `aborted`, so that the rates it is part of stay the service's own.
 */
export function outcomeOf(kind: Kind): 'failed' | 'aborted' {
  return kind === 'cors' || kind === 'blocked' || kind === 'offline' ? 'aborted' : 'failed';
}
