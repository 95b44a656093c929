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
  /** The value of a key if there is one; that is no use of it. */
  peek(key: K): V | undefined;
  readonly size: () => number;
}

interface Entry<K, V> {
  readonly key: K;
  readonly value: V;
  /** Used next before and next after it. */
  older: Entry<K, V> | undefined;
  newer: Entry<K, V> | undefined;
}

/**
 * The order of use is a list of its own: a `Map` keeps the holes of what was deleted, and to ask a full one for its first key walks over all of them.
 *
 * @param capacity - values kept, 1 or more; beyond that the one unused for longest makes room.
 */
export function recent<K, V>(capacity: number, make: () => V): Recent<K, V> {
  const entries = new Map<K, Entry<K, V>>();
  let oldest: Entry<K, V> | undefined;
  let newest: Entry<K, V> | undefined;
  const unlink = ({ older, newer }: Entry<K, V>): void => {
    if (older === undefined) oldest = newer;
    else older.newer = newer;
    if (newer === undefined) newest = older;
    else newer.older = older;
  };
  const append = (entry: Entry<K, V>): void => {
    entry.older = newest;
    entry.newer = undefined;
    if (newest === undefined) oldest = entry;
    else newest.newer = entry;
    newest = entry;
  };
  return {
    of(key) {
      const known = entries.get(key);
      if (known !== undefined) {
        if (known === newest) return known.value;
        unlink(known);
        append(known);
        return known.value;
      }
      const entry: Entry<K, V> = { key, value: make(), older: undefined, newer: undefined };
      if (entries.size >= capacity && oldest !== undefined) {
        entries.delete(oldest.key);
        unlink(oldest);
      }
      entries.set(key, entry);
      append(entry);
      return entry.value;
    },
    peek: (key) => entries.get(key)?.value,
    size: () => entries.size,
  };
}
