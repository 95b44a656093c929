/** Browsers take 64 KiB of bodies with `keepalive` in flight per page, the app's own among them, and fail what exceeds it. */
export const KEEPALIVE_BYTES = 60 * 1024;

/** What the agent's own requests have in flight with `keepalive`. */
export interface KeepaliveBudget {
  /** False when a body of `size` bytes does not fit just now; else it is taken until `give`. */
  take(size: number): boolean;
  give(size: number): void;
}

export function makeKeepaliveBudget(limit = KEEPALIVE_BYTES): KeepaliveBudget {
  let used = 0;
  return {
    take(size) {
      if (used + size > limit) return false;
      used += size;
      return true;
    },
    give: (size) => void (used -= size),
  };
}
