/** What probers say, as words that a verdict can rest on. Pure. */
import type { Probers } from './verdict.js';

export interface ProberReading {
  /** All but a fifth of them reach the host. */
  readonly reach: boolean;
  /** At least half fail, twice the share before; `several` where that are two or more. */
  readonly fail: boolean;
  readonly several: boolean;
}

const FEW_FAIL = 0.2;
const MANY_FAIL = 0.5;
const RISEN = 2;

export function readProbers(probers: Probers | undefined): ProberReading {
  if (probers === undefined || probers.now === 0) return { reach: false, fail: false, several: false };
  const share = probers.failing / probers.now;
  const before = probers.baseline === 0 ? 0 : probers.baselineFailing / probers.baseline;
  const fail = share >= MANY_FAIL && share >= RISEN * before;
  return { reach: share <= FEW_FAIL, fail, several: fail && probers.failing >= 2 };
}
