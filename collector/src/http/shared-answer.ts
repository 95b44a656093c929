/**
 * An answer that many may ask for and that costs to make: all who ask within its age get the same one.
 *
 * @param maxAgeMs - how old it may be.
 * @param now - a monotonic clock in milliseconds.
 * @returns Asks for it. Rejects as `make` does; a failure is not kept.
 */
export function sharedAnswer<T>(make: () => Promise<T>, maxAgeMs: number, now: () => number = () => performance.now()): () => Promise<T> {
  let present: Promise<T> | undefined;
  let madeAtMs = 0;
  return () => {
    if (present !== undefined && now() - madeAtMs < maxAgeMs) return present;
    madeAtMs = now();
    const made = make().catch((error: unknown) => {
      if (present === made) present = undefined;
      throw error;
    });
    present = made;
    return made;
  };
}
