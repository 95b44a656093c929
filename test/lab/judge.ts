/** How good a diagnosis is, held against the truth. Pure. */
import type { Seen } from './engine.js';
import type { Fault } from './faults.js';

/** `generic`: true as far as it goes, or an honest "cannot tell"; `silent`: a failure of which nothing was said. */
export const GRADES = ['right', 'generic', 'silent', 'wrong'] as const;
export type Grade = (typeof GRADES)[number];

export interface Judged {
  readonly kind: Grade;
  readonly type: Grade;
}

const GENERIC_KINDS: readonly string[] = ['unknown', 'timeout'];
/** Types that name a phase or less. */
const GENERIC_TYPE = /^(unknown|abandoned|(dns|tcp|tls|http)\.failed)$/;
/** Where a wait without an end could also be told as a timeout, that is true as far as it goes; of fast failures it is not. */
const waits = ({ type }: { readonly type: string }): boolean =>
  /timed_out|unreachable|dead|abandoned|address_changed|^tls\.failed$/.test(type);

/** Never throws. */
export function judge({ truth, also }: Fault, diagnosis: Seen['diagnosis']): Judged {
  if (!truth) return diagnosis ? { kind: 'wrong', type: 'wrong' } : { kind: 'right', type: 'right' };
  if (!diagnosis) return { kind: 'silent', type: 'silent' };
  const { type, kind } = diagnosis;
  const fair = also.includes(type);
  if (kind === truth.kind) {
    if (type === truth.type || fair) return { kind: 'right', type: 'right' };
    return { kind: 'right', type: GENERIC_TYPE.test(type) || truth.type.startsWith(`${type}.`) ? 'generic' : 'wrong' };
  }
  if (fair) return { kind: 'generic', type: 'generic' };
  if (kind === 'unknown' || (GENERIC_KINDS.includes(kind) && waits(truth))) return { kind: 'generic', type: 'generic' };
  return { kind: 'wrong', type: 'wrong' };
}
