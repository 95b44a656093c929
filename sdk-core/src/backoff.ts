/**
 * Waiting time before the next delivery, with full jitter, so that clients cut off together do not return together.
 *
 * @param failures - Consecutive failed rounds, 1 or more.
 * @returns Milliseconds in [0, min(capMs, baseMs · 2^failures)). A valid `Retry-After` wins over this.
 * Never throws. Source: full jitter as in the AWS architecture note "Exponential Backoff And Jitter".
 */
export function backoffMs(failures: number, { baseMs = 1_000, capMs = 1_800_000, random = Math.random } = {}): number {
  return random() * Math.min(capMs, baseMs * 2 ** failures);
}

/** The longest wait that a collector may ask for. */
export const LONGEST_WAIT_MS = 86_400_000;

/**
 * The wait that a `Retry-After` header asks for.
 *
 * @param header - Seconds or an HTTP date; anything else counts as absent.
 * @returns Milliseconds in [0, 24 h]. Never throws. Source: RFC 9110 §10.2.3.
 */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (!header) return 0;
  const ms = /^\d+$/.test(header) ? +header * 1_000 : Date.parse(header) - nowMs;
  return Math.min(Math.max(ms, 0) || 0, LONGEST_WAIT_MS);
}
