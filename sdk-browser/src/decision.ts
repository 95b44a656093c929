/**
 * The user's decision, kept in one localStorage key so that nobody is asked twice: state, version and hash of the text, the way it
 * was given, and the day. No id. Written only after an explicit decision.
 */
import type { ConsentState, Receipt } from '@outcry/core';

const KEY = 'outcry:consent';

export interface Decision {
  readonly consent: 'granted' | 'denied';
  /** Of a grant, still to be checked. */
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
        if (state === 'denied' || state === 'granted')
          // Checked with the other options of init.
          return { consent: state, receipt: { text, textHash, method, at: `${String(day)}T00:00:00Z` } as Receipt };
      } catch {
        // A spoilt entry counts as none.
      }
      return undefined;
    },
    keep(state, receipt) {
      try {
        if (state === 'unknown') storage().removeItem(KEY);
        else {
          const { text, textHash, method, at }: Partial<Receipt> = (state === 'granted' && receipt) || {};
          const day = new Date(at ?? now()).toISOString().slice(0, 10);
          storage().setItem(KEY, JSON.stringify({ state, text, textHash, method, day }));
        }
      } catch {
        // Refused; see above.
      }
    },
  };
}
