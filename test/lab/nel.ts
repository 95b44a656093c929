/** What Chromium's own Network Error Logging said of a request. Pure. */
import { kindOf } from '@outcry/protocol';
import type { NelReport } from './elsewhere.js';
import type { Seen } from './engine.js';

/** Type and phase of a report, in its own words; null where none came. */
export type NelSaid = { readonly type: string; readonly phase: string } | null;

/** The first report of the request; a probe of the same address may have made a later one. */
export function saidOf(url: string, reports: readonly NelReport[]): NelSaid {
  const own = reports.filter((report) => report.type === 'network-error' && report.url === url);
  const [first] = own.sort((a, b) => a.failedAtMs - b.failedAtMs);
  return first ? { type: first.body.type, phase: first.body.phase } : null;
}

/** The report as if it were a diagnosis. It has no confidence of its own. */
export function asDiagnosis(said: NelSaid): Seen['diagnosis'] {
  if (!said) return null;
  const stage = said.phase === 'application' ? 'request' : 'unknown';
  return { ...said, kind: kindOf(said.type, stage), confidence: 1 };
}

/** Types that stand for "something else happened": what NEL says when it hides the cause. */
const MASKS: readonly string[] = ['dns.address_changed', 'abandoned'];
export const isMasked = (said: NelSaid, truth: string): boolean => said !== null && said.type !== truth && MASKS.includes(said.type);
