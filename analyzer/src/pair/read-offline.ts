/** Whether more clients than usual have lost their own connection, so many that this is what is going on. Pure. */
import { upperTail } from '../detect/tails.js';
import { usualOf } from '../detect/usual.js';
import type { Offline } from './verdict.js';

const SIGNIFICANT = 1e-3;
const LEAST_EXCESS = 3;

/**
 * The last mile explains a spike where more clients beyond the usual are offline than fail, and so many would not be by chance: below 1e-3 by a negative
 * binomial with the mean of the stretches before, which strays by a tenth. On a busy host a hundred more of thousands are no news.
 *
 * @param failing - Clients that report the failure, of the same place, where `offline` does not tell them.
 */
export function areOffline(offline: Offline | undefined, failing: number): boolean {
  if (offline === undefined) return false;
  const { now, baseline, stretches = 1 } = offline;
  if (!(now - baseline > Math.max(LEAST_EXCESS, offline.failing ?? failing))) return false;
  const { mean, variance } = usualOf(baseline * Math.max(1, stretches), stretches);
  return upperTail(now, mean, variance) < SIGNIFICANT;
}
