/** Building one failure record, and letting the app make it coarser. Pure. */
import { bucketMs, FAILURE_FIELDS, MAX_UINT, TIME_GRAIN_S, TYPE_PATTERN } from '@outcry/protocol';
import type { Failure } from '@outcry/protocol';
import type { ObservedFailure } from './observed.js';
import { oneOf } from './one-of.js';
import type { OutcryOptions } from './types.js';

/** The network label known before the failure; a claim. */
export interface Claim {
  readonly asn: number;
  readonly country: string;
  readonly atMs: number;
}

const whole = (value: number, max: number): number => Math.min(Math.max(Math.floor(value), 0) || 0, max);

export const secondsOf = (ms: number): number => whole(ms / 1_000, MAX_UINT);

/**
 * One failure as it goes on the wire: time floored to 10 s, elapsed time bucketed, words outside the tables as `other`.
 *
 * @param nowMs - For the age of the claim.
 * Never throws.
 */
export function buildFailure(
  seen: ObservedFailure,
  where: { online: boolean; connection: string; nowMs: number; samplePpm: number; routes: readonly string[]; claim?: Claim | undefined },
): Failure {
  const { type, phase, kind, confidence } = seen.diagnosis;
  const { claim } = where;
  const choice = <K extends keyof Failure>(name: K, value: string): Failure[K] => oneOf(FAILURE_FIELDS, name, value) as Failure[K];
  const ageMs = claim ? Math.abs(where.nowMs - claim.atMs) : 0;
  return {
    occurred_at: secondsOf(seen.startedAtMs) - (secondsOf(seen.startedAtMs) % TIME_GRAIN_S),
    host: seen.host.toLowerCase(),
    scheme: choice('scheme', seen.scheme),
    method: choice('method', seen.method.toUpperCase()),
    resource: choice('resource', seen.resource),
    route: seen.route && where.routes.includes(seen.route) ? seen.route : null,
    phase,
    type: TYPE_PATTERN.test(type) && type.length <= 60 ? type : 'unknown',
    kind,
    confidence_pct: whole(confidence * 100, 100),
    elapsed_ms: bucketMs(whole(seen.elapsedMs, 1e6)),
    status_code: whole(seen.statusCode, 599),
    protocol: choice('protocol', seen.protocol),
    online: where.online,
    connection: choice('connection', where.connection),
    claimed_asn: claim?.asn ?? 0,
    claimed_country: claim?.country ?? '',
    claim_age: !claim ? 'none' : ageMs < 36e5 ? '<1h' : ageMs < 864e5 ? '<1d' : '>=1d',
    count: 1,
    span_s: 0,
    sampling_ppm: where.samplePpm,
  };
}

/**
 * What `beforeSend` leaves of a failure. It may drop it, or make single fields coarser: a smaller number, a table's first word, no
 * route, the type `unknown` or a beginning of it. Every other change is ignored; a hook that throws drops.
 *
 * @returns null when dropped. Never throws.
 */
export function coarsen(failure: Failure, beforeSend: OutcryOptions['beforeSend']): Failure | null {
  try {
    return beforeSend ? coarsened(failure, beforeSend({ ...failure })) : failure;
  } catch {
    return null;
  }
}

function coarsened(failure: Failure, given: Failure | null): Failure | null {
  // A promise among them: what an async hook decides would come too late.
  if (given === null || typeof given !== 'object' || 'then' in given) return null;
  const kept: Record<string, unknown> = { ...failure };
  for (const field of FAILURE_FIELDS) {
    const { name } = field;
    const was = failure[name];
    const is: unknown = given[name];
    if (
      name === 'type'
        ? is === 'unknown' || (typeof is === 'string' && is !== '' && `${was}.`.startsWith(`${is}.`))
        : field.type === 'choice'
          ? is === field.values[0]
          : field.type === 'text?'
            ? is === null
            : field.type === 'text'
              ? is === '' && field.pattern.test('')
              : // Fewer repeats or another sampling share would not be coarser, but false.
                field.type === 'uint' &&
                !/^(count|span_s|sampling_ppm)$/.test(name) &&
                Number.isInteger(is) &&
                (is as number) >= 0 &&
                (is as number) < (was as number)
    )
      kept[name] = is;
  }
  return kept as Failure;
}
