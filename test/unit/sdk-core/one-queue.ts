/** A queue over a store, and the reasons of what it gave up. */
import { makeGrant } from '../../../sdk-core/src/grant.js';
import type { Grant } from '../../../sdk-core/src/grant.js';
import { checkOptions } from '../../../sdk-core/src/index.js';
import type { Platform, Store } from '../../../sdk-core/src/index.js';
import { makeLosses } from '../../../sdk-core/src/losses.js';
import { makeQueue, QUEUE_LIMITS } from '../../../sdk-core/src/queue.js';
import type { Queue } from '../../../sdk-core/src/queue.js';
import { makePlace, optionsFor } from './place.js';

/** @param changes - To the platform besides the store. */
export function makeOneQueue(
  store: Store,
  limits = QUEUE_LIMITS,
  changes: Partial<Platform> = {},
): { queue: Queue; lost: string[]; store: Store } {
  const { platform } = makePlace(['https://c1.example.net'], {}, { store, ...changes });
  const lost: string[] = [];
  const losses = makeLosses(() => grant);
  const grant: Grant = makeGrant({
    options: checkOptions(optionsFor(['https://c1.example.net']), 'sdk-browser'),
    platform,
    epoch: 0,
    onGone: () => undefined,
    emit: (event) => event.kind === 'dropped' && lost.push(...Array<string>(event.count).fill(event.reason)),
    lose: (reason, count = 1) => lost.push(...Array<string>(count).fill(reason)),
  });
  return { queue: makeQueue(grant, { losses, limits }), lost, store };
}
