/** What probers say, as words that a verdict can rest on. Pure. */
import type { Probers, SignedProbers } from './verdict.js';

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

/**
 * Those that the operator has named speak for themselves. Whoever signs as a prober may be anybody: that they reach the host proves nothing, and that
 * they fail only where more of them do than one attacker can make up (ADR 0009); then they are several.
 */
export function readProbers(named: Probers | undefined, signed: SignedProbers | undefined): ProberReading {
  const isForged = !((signed?.beyondForged ?? 0) >= 1);
  const own = oneReading(named);
  const others = isForged ? NONE : oneReading(signed);
  return { reach: own.reach, fail: own.fail || others.fail, several: own.several || others.fail };
}

const NONE: ProberReading = { reach: false, fail: false, several: false };

function oneReading(probers: Probers | undefined): ProberReading {
  if (probers === undefined || probers.now === 0) return NONE;
  const share = probers.failing / probers.now;
  const before = probers.baseline === 0 ? 0 : probers.baselineFailing / probers.baseline;
  const fail = share >= MANY_FAIL && share >= RISEN * before;
  return { reach: share <= FEW_FAIL, fail, several: fail && probers.failing >= 2 };
}
