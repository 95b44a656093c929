import { kindOf, phaseOf } from '@outcry/protocol';
import type { ObservedFailure } from './observed.js';
import type { ReportInput } from './types.js';

/** Nothing that an app tells of took longer. */
const MAX_ELAPSED_MS = 1e6;

/** A failure that the app itself tells of, at `nowMs`, like one that was watched. Throws at input that cannot be read. */
export function toldFailure(
  { type = 'unknown', scheme = 'https', method = 'GET', route, elapsedMs = 0, statusCode = 0, host }: ReportInput,
  nowMs: number,
): ObservedFailure {
  const tookMs = elapsedMs > 0 ? Math.min(elapsedMs, MAX_ELAPSED_MS) : 0;
  return {
    host,
    scheme,
    method,
    resource: 'other',
    route: route ?? null,
    diagnosis: { type, phase: phaseOf(type), kind: kindOf(type), confidence: 1, evidence: ['told by the app'] },
    elapsedMs: tookMs,
    statusCode,
    protocol: 'unknown',
    startedAtMs: nowMs - tookMs,
  };
}
