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

export const NOW_SIGNERS = `toUInt32(uniqExactIf(signer, event_time >= toDateTime({from:UInt32}, 'UTC')))`;
export const BEFORE_SIGNERS = `toUInt32(uniqExactIf((signer, intDiv({start:UInt32} - toUInt32(event_time), {width:UInt32})), event_time < toDateTime({start:UInt32}, 'UTC')))`;
export const IN_STRETCH = `event_time >= toDateTime({before:UInt32}, 'UTC') AND event_time < toDateTime({to:UInt32}, 'UTC')`;

const HOUR_S = 3_600;
const LONGEST_S = 6 * HOUR_S;
const SHORTEST_S = 10;

/**
 * The stretch of a spike and as many of the same length before it as fit in an hour, at least one. Of a spike of more than 6 hours the last 6
 * are counted, beside the 6 before it.
 *
 * @returns The stretch, and how many stretches the baseline has.
 */
export function stretchOf(startMs: number, endMs: number): Stretch & { readonly baselines: number } {
  const start = Math.floor(startMs / 1000);
  const to = Math.max(start + SHORTEST_S, Math.ceil(endMs / 1000));
  const width = Math.min(LONGEST_S, to - start);
  const baselines = Math.max(1, Math.floor(HOUR_S / width));
  return { before: start - baselines * width, start, from: to - width, to, width, baselines };
}
