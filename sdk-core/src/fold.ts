/**
 * Folding: the first failure of a (host, type) is sealed within 250 ms; identical repeats are counted into one record, sealed
 * after 10 s for the first minute, then after 60 s, or 5 minutes while nothing can be delivered: hours of it must not fill the queue.
 * A (host, type) that was quiet for 5 minutes starts anew.
 */
import type { Failure } from '@outcry/protocol';
import type { Grant } from './grant.js';

const FIRST_MS = 200;
const REPEAT_MS = 10_000;
const LATER_MS = 60_000;
const STUCK_MS = 300_000;
const SHORT_ROUNDS = 6;
const QUIET_MS = 300_000;
const MAX_ROWS = 256;

interface Slot {
  rounds: number;
  lastMs: number;
  waiting: boolean;
}

export interface Row {
  failure: Failure;
  readonly firstMs: number;
}

export interface Fold {
  add(failure: Failure, atMs: number): void;
  rows(): Row[];
  /** Gives up what is folded, for sealing. */
  take(): Row[];
}

/** What makes two failures the same; times and claims do not. */
function sameness({ host, type, kind, scheme, method, resource, route, status_code, protocol, sampling_ppm }: Failure): string {
  return JSON.stringify([host, type, kind, scheme, method, resource, route, status_code, protocol, sampling_ppm]);
}

/** @param isStuck - Whether nothing can be delivered for longer than a moment. */
export function makeFold(grant: Grant, seal: () => unknown, isStuck: () => boolean = () => false): Fold {
  const slots = new Map<string, Slot>();
  let rows = new Map<string, Row>();

  return {
    add(failure, atMs) {
      const now = grant.platform.now();
      const name = `${failure.host} ${failure.type}`;
      const old = slots.get(name);
      const slot: Slot = old && now - old.lastMs < QUIET_MS ? old : { rounds: 0, lastMs: now, waiting: false };
      if (slots.size > MAX_ROWS) slots.clear();
      slots.set(name, slot);
      slot.lastMs = now;

      const key = sameness(failure);
      const row = rows.get(key);
      if (row) {
        const span = Math.max(row.failure.span_s, Math.floor((atMs - row.firstMs) / 1_000) || 0);
        row.failure = { ...row.failure, count: row.failure.count + 1, span_s: Math.min(span, 86_400) };
      } else if (rows.size < MAX_ROWS) rows.set(key, { failure, firstMs: atMs });
      else {
        grant.lose('queue_full');
        return;
      }

      if (slot.waiting) return;
      slot.waiting = true;
      const waitMs = slot.rounds === 0 ? FIRST_MS : slot.rounds <= SHORT_ROUNDS ? REPEAT_MS : isStuck() ? STUCK_MS : LATER_MS;
      grant.after(waitMs, () => {
        slot.waiting = false;
        slot.rounds++;
        return seal();
      });
    },
    rows: () => [...rows.values()],
    take() {
      const taken = [...rows.values()];
      rows = new Map();
      return taken;
    },
  };
}
