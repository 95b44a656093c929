/**
 * The user's decision, kept in one localStorage key so that nobody is asked twice: state, version and hash of the text, the way it
 * was given, and the day. No id. Written only after an explicit decision.
 */
import type { ConsentState, Receipt } from '@outcry/core';

const KEY = 'outcry:consent';

export interface Decision {
  readonly state: 'granted' | 'denied';
  readonly receipt?: Receipt;
}

export interface Decisions {
  read(): Decision | undefined;
  /** `unknown` forgets. */
  keep(state: ConsentState, receipt?: Receipt): void;
}

/** Neither function throws: where storage is refused, the decision lasts as long as the page. */
export function keepDecisions(storage: () => Storage, now: () => number): Decisions {
  return {
    read() {
      try {
        const { state, text, textHash, method, day } = JSON.parse(storage().getItem(KEY) ?? '{}') as Record<string, unknown>;
        if (state === 'denied') return { state };
        if (state !== 'granted') return undefined;
        // Checked with the other options of init; a spoilt entry counts as none.
        return { state, receipt: { text, textHash, method, at: `${String(day)}T00:00:00Z` } as Receipt };
      } catch {
        return undefined;
      }
    },
    keep(state, receipt) {
      try {
        const day = new Date(now()).toISOString().slice(0, 10);
        if (state === 'unknown') storage().removeItem(KEY);
        else if (!receipt || state === 'denied') storage().setItem(KEY, JSON.stringify({ state, day }));
        else {
          const { text, textHash, method, at } = receipt;
          storage().setItem(KEY, JSON.stringify({ state, text, textHash, method, day: new Date(at).toISOString().slice(0, 10) }));
        }
      } catch {
        // Refused; see above.
      }
    },
  };
}
