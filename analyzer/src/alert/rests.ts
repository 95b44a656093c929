/** How long to leave alone what failed: 15 s, then twice as long at each failure, up to a bound. */
const FIRST_MS = 15_000;

export interface Rests {
  isResting(key: string, nowMs: number): boolean;
  /** When its rest ends or ended, ms; 0 for what did not fail. */
  untilMs(key: string): number;
  failed(key: string, nowMs: number): void;
  took(key: string): void;
  /** Forgets all others. */
  keepOnly(keys: ReadonlySet<string>): void;
}

/** @param longestMs - Bound of a rest, ms. */
export function makeRests(longestMs: number): Rests {
  const byKey = new Map<string, { readonly untilMs: number; readonly lastMs: number }>();
  const untilMs = (key: string): number => byKey.get(key)?.untilMs ?? 0;
  return {
    untilMs,
    isResting: (key, nowMs) => nowMs < untilMs(key),
    failed(key, nowMs) {
      const lastMs = Math.min(longestMs, 2 * (byKey.get(key)?.lastMs ?? FIRST_MS / 2));
      byKey.set(key, { lastMs, untilMs: nowMs + lastMs });
    },
    took: (key) => void byKey.delete(key),
    keepOnly(keys) {
      for (const key of byKey.keys()) if (!keys.has(key)) byKey.delete(key);
    },
  };
}
