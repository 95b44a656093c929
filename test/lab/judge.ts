/** How good a diagnosis is, held against the truth. Pure. */
import type { Seen } from './engine.js';
import { isNoOutage } from './fault.js';
import type { Fault } from './fault.js';

/** `generic`: true as far as it goes, or an honest "cannot tell"; `silent`: a failure of which nothing was said. */
export const GRADES = ['right', 'generic', 'silent', 'wrong'] as const;
export type Grade = (typeof GRADES)[number];

export interface Judged {
  readonly kind: Grade;
  readonly type: Grade;
}

const GENERIC_KINDS: readonly string[] = ['unknown', 'timeout'];
/** Types that name a phase or less. */
const GENERIC_TYPE = /^(unknown|abandoned|(dns|tcp|tls|http)\.failed|tls\.cert\.invalid)$/;
/** Where a wait without an end could also be told as a timeout, that is true as far as it goes; of fast failures it is not. */
const waits = ({ type }: { readonly type: string }): boolean =>
  /timed_out|unreachable|dead|abandoned|address_changed|^tls\.failed$/.test(type);

/** Kinds that count against the service. */
const OUTAGE_KINDS: readonly string[] = ['dns', 'routing', 'tls', 'timeout', 'http', 'unknown'];

const both = (grade: Grade): Judged => ({ kind: grade, type: grade });

/** Where nothing happened that the service is to blame for, whatever counts against it is wrong. */
export function isFalseOutage(fault: Fault, { diagnosis }: Pick<Seen, 'diagnosis'>): boolean {
  if (!isNoOutage(fault) || !diagnosis) return false;
  return OUTAGE_KINDS.includes(diagnosis.kind) && !(fault.isOver && diagnosis.kind === 'unknown');
}

/** Never throws. */
export function judge(fault: Fault, { diagnosis, app }: Pick<Seen, 'diagnosis' | 'app'>): Judged {
  const { truth, also, alsoKind, mayPass, isOver } = fault;
  if (!truth) return both(!diagnosis || (isOver && diagnosis.kind === 'unknown') ? 'right' : 'wrong');
  if (!diagnosis) return both(mayPass && app === '200' ? 'right' : 'silent');
  const { type, kind } = diagnosis;
  const fair = also.includes(type);
  if (kind === truth.kind || kind === alsoKind) {
    if (type === truth.type || fair) return both('right');
    return { kind: 'right', type: GENERIC_TYPE.test(type) || truth.type.startsWith(`${type}.`) ? 'generic' : 'wrong' };
  }
  if (fair) return both('generic');
  if (isNoOutage(fault)) return both(OUTAGE_KINDS.includes(kind) ? 'wrong' : 'generic');
  if (kind === 'unknown' || (GENERIC_KINDS.includes(kind) && waits(truth))) return both('generic');
  return both('wrong');
}
