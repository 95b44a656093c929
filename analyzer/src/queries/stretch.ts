import { within } from './within.js';

/**
 * A spike beside stretches of equal length before it, in s since the epoch. Distinct clients grow more slowly than time, so a shorter and a
 * longer stretch cannot be compared by their length.
 */
export interface Stretch extends Record<string, unknown> {
  /** Start of the baseline, and its end, which is the start of the spike. */
  readonly before: number;
  readonly start: number;
  /** What of the spike is counted. */
  readonly from: number;
  readonly to: number;
  /** Length of one stretch: `to - from`. */
  readonly width: number;
}

/** Which rows count for the detector: not those of one of many signers of an address prefix (ADR 0009). */
export const COUNTED = `crowd != 'many'`;

/** Distinct signers inside the spike. @param which - A condition on the rows. */
export const nowSigners = (which = 'true'): string =>
  `toUInt32(uniqExactIf(signer, event_time >= toDateTime({from:UInt32}, 'UTC') AND ${which}))`;
/** Which stretch before the spike a row is of, the nearest being 0; of rows before the start. */
export const STRETCH_BEFORE = 'intDiv({start:UInt32} - toUInt32(event_time), {width:UInt32})';
/** Distinct signers of each stretch before it, summed. @param which - A condition on the rows. */
export const beforeSigners = (which = 'true'): string =>
  `toUInt32(uniqExactIf((signer, ${STRETCH_BEFORE}), event_time < toDateTime({start:UInt32}, 'UTC') AND ${which}))`;
/** Condition for `reports FINAL`: rows of `{project}` in the stretch or its baseline. */
export const IN_STRETCH: string = within('reports', 'before', 'to');

const HOUR_S = 3_600;
const LONGEST_S = 6 * HOUR_S;
const SHORTEST_S = 10;

/**
 * The stretch of a spike and as many of the same length before it as fit in an hour, at least one. Of a spike of more than 6 hours the last 6
 * are compared with the 6 before it.
 *
 * @returns The stretch, how many stretches the baseline has, and how many times its width the whole spike is long, >= 1.
 */
export function stretchOf(startMs: number, endMs: number): Stretch & { readonly baselines: number; readonly times: number } {
  const start = Math.floor(startMs / 1000);
  const to = Math.max(start + SHORTEST_S, Math.ceil(endMs / 1000));
  const width = Math.min(LONGEST_S, to - start);
  const baselines = Math.max(1, Math.floor(HOUR_S / width));
  return { before: start - baselines * width, start, from: to - width, to, width, baselines, times: (to - start) / width };
}
