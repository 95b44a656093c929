/** Coarse numbers: exact ones could tell a device apart and say nothing more about an outage. */
import type { LOSS_BUCKETS } from './fields.js';

/** The largest bucket of a duration in milliseconds. */
const LARGEST_MS = 1_000_000;

/**
 * A duration in milliseconds as the nearest bucket that is not above it: 0, 1, 2, 5, 10, 20, 50, … 500 000, 1 000 000.
 * Below 1 ms, negative or NaN gives 0; everything from 1 000 000 ms on gives 1 000 000. Never throws.
 */
export function bucketMs(ms: number): number {
  if (!(ms >= 1)) return 0;
  let decade = 1;
  while (decade * 10 <= ms && decade < LARGEST_MS) decade *= 10;
  if (decade === LARGEST_MS) return LARGEST_MS;
  return decade * (ms >= 5 * decade ? 5 : ms >= 2 * decade ? 2 : 1);
}

/** A number of lost reports as an order of magnitude. Callers report no loss of zero; below 2 gives `1`. Never throws. */
export function lossBucket(n: number): (typeof LOSS_BUCKETS)[number] {
  return n >= 100 ? '>=100' : n >= 10 ? '10-99' : n >= 2 ? '2-9' : '1';
}
