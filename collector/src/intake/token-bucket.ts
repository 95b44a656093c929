/** Token buckets in memory: so many uploads at once, and so many a second for ever. Those unused for longest are forgotten first. */

export interface TokenBucket {
  tokens: number;
  refilledAtMs: number;
}

export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Fills a bucket for the time that went by; a clock that went back fills nothing. Gives the seconds until a token is there, 0 when one is. */
export function refill(bucket: TokenBucket, { perSecond, burst }: Rate, nowMs: number): number {
  const elapsedS = Math.max(0, nowMs - bucket.refilledAtMs) / 1000;
  bucket.tokens = Math.min(burst, bucket.tokens + elapsedS * perSecond);
  bucket.refilledAtMs = nowMs;
  return bucket.tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - bucket.tokens) / perSecond));
}

export interface Recent<K, V> {
  /** The value of a key, made where there is none; it counts as used now. */
  of(key: K): V;
  readonly size: () => number;
}

/** @param capacity - values kept, 1 or more; beyond that the one unused for longest makes room. */
export function recent<K, V>(capacity: number, make: () => V): Recent<K, V> {
  const values = new Map<K, V>();
  return {
    of(key) {
      let value = values.get(key);
      if (value === undefined) {
        value = make();
        if (values.size >= capacity) {
          const oldest = values.keys().next();
          if (oldest.done !== true) values.delete(oldest.value);
        }
      } else values.delete(key);
      values.set(key, value);
      return value;
    },
    size: () => values.size,
  };
}
