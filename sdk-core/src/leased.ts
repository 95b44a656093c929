/** A lease: who works on a stored thing says until when, so that nobody else does, and somebody does if that one dies. */

export const LEASE_MS = 60_000;

export interface Leased {
  readonly leasedUntilMs: number;
}

/** Whether nobody has it. A lease that lasts longer than any was written by a clock that has been set back since. */
export function isFree({ leasedUntilMs }: Leased, nowMs: number): boolean {
  return leasedUntilMs <= nowMs || leasedUntilMs > nowMs + LEASE_MS;
}
