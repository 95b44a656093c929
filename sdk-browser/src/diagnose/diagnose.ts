/**
 * What a failed request means, from evidence that was measured in Chromium and Firefox. Pure.
 *
 * A page learns almost nothing from a failure itself: name resolution, refused connections, handshakes, resets and CORS all reject with
 * the same `TypeError`. What cannot be told is called by the generic name of its phase, or `unknown`, at a low confidence. The first
 * situation that holds decides; each file of this folder states its rules and the facts behind them:
 *
 * 1. `own-rules.ts`: a status, a policy, offline.
 * 2. `last-mile.ts`: nothing elsewhere can be reached either.
 * 3. `own-rules.ts`: the headers had come, the body failed.
 * 4. `stalled.ts`: nothing came for long.
 * 5. `fast.ts`: it failed at once. `round-trips.ts` reads its time.
 */
import type { Diagnosis } from '@outcry/protocol';
import type { Evidence } from './evidence.js';
import { byFastFailure } from './fast.js';
import { byWitnesses } from './last-mile.js';
import { byBody, byOwnRules } from './own-rules.js';
import { saying } from './say.js';
import { byStall } from './stalled.js';

/** No fast fault takes as long, not even ten tries at 250 ms a round trip; the shortest silent one takes longer. */
const LATE_MS = 9_500;
const AT_ONCE_MS = 1_000;

/** Never throws. */
export function diagnose(seen: Evidence): Diagnosis {
  const sure = saying(seen, false);
  const rested = saying(seen, true);
  const told = byOwnRules(seen, sure) ?? byWitnesses(seen, rested);
  if (told) return told;
  if (!seen.silent) return byBody(seen, sure);
  if (seen.how === 'failed' && seen.elapsedMs < LATE_MS) return byFastFailure(seen, rested);
  // It waited on something that may be over: where our own request failed at once, that tells more.
  const again = seen.probe === 'failed' && seen.probeMs < AT_ONCE_MS ? byFastFailure(seen, rested) : undefined;
  return again && again.kind !== 'unknown' ? again : byStall(seen, rested);
}
