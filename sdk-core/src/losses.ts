/**
 * What was lost, counted by reason, until an envelope tells it. The counts rest in the store beside the queue, written in the same
 * transaction as the loss where the queue causes it and within a second elsewhere, so that they outlive the page or process. Telling
 * leases them: they are deleted in the transaction that adds the envelope, and told anew if that never comes.
 */
import { lossBucket } from '@outcry/protocol';
import type { Loss, LossReason } from '@outcry/protocol';
import type { Grant } from './grant.js';
import { isFree, LEASE_MS } from './leased.js';
import type { Leased } from './leased.js';

export type LossCounts = Map<LossReason, number>;

interface Stored extends Leased {
  readonly counts: Readonly<Record<string, number>>;
}

/** What one envelope tells. */
export interface ToldLosses {
  readonly counts: LossCounts;
  /** Of these, what is in no store. */
  readonly fresh: LossCounts;
  /** Where the store holds the rest: to be deleted with the write of the envelope. */
  readonly keys: readonly string[];
}

/** What goes into the transaction that loses something. */
export interface LossPut {
  readonly puts: [string, unknown][];
  /** To be called when it was written. */
  written(): void;
}

export interface Losses {
  add(reason: LossReason, count?: number): void;
  /** Everything that waits to be told, as far as this page or process knows. */
  readonly untold: ReadonlyMap<LossReason, number>;
  /** Puts what is not written yet, and `more`, which is counted only once that is written. */
  put(more: LossCounts): LossPut;
  /** Writes what is not written yet. */
  save(): Promise<void>;
  take(): Promise<ToldLosses>;
  /** The envelope was not made. */
  putBack(told: ToldLosses): Promise<void>;
}

const PREFIX = 'l:';
const SAVE_AFTER_MS = 1_000;

/** Only the order of magnitude is sent. */
export function lossRecords(counts: ReadonlyMap<LossReason, number>): Loss[] {
  return [...counts].map(([reason, count]) => ({ reason, bucket: lossBucket(count) }));
}

export function addLoss(counts: LossCounts, reason: LossReason, count = 1): void {
  counts.set(reason, (counts.get(reason) ?? 0) + count);
}

export const addLosses = (to: LossCounts, from: Readonly<Record<string, number>> | ReadonlyMap<string, number>): void => {
  for (const [reason, count] of from instanceof Map ? from : Object.entries(from)) addLoss(to, reason as LossReason, count as number);
};

/** @param grantOf - The grant that is being made; asked only later. */
export function makeLosses(grantOf: () => Grant): Losses {
  const untold: LossCounts = new Map();
  let fresh: LossCounts = new Map();
  let mine = '';
  let isSaving = false;
  /** The store may hold some: of an earlier page or process at first. */
  let mayRest = true;

  const newKey = (): string => {
    const { now, random } = grantOf().platform;
    return `${PREFIX}${now().toString(36)}${random().toString(36).slice(2, 10)}`;
  };
  const storedForm = (counts: LossCounts): Stored => ({ counts: Object.fromEntries(counts), leasedUntilMs: 0 });

  async function save(): Promise<void> {
    isSaving = false;
    const saved = fresh;
    if (saved.size === 0) return;
    fresh = new Map();
    mine ||= newKey();
    // An object, for a closure writes to it.
    const lease = { taken: false };
    const merge = (old: unknown): unknown => {
      const before = old as Stored | undefined;
      lease.taken = before !== undefined && !isFree(before, grantOf().platform.now());
      if (lease.taken) return old;
      const all = new Map(saved);
      if (before) addLosses(all, before.counts);
      return storedForm(all);
    };
    mayRest = true;
    const done = await grantOf()
      .update(mine, merge)
      .catch(() => false);
    if (done && !lease.taken) return;
    // Another tab is telling what this key holds; or the store takes nothing just now.
    mine = '';
    addLosses(fresh, saved);
  }

  return {
    untold,
    save,
    add(reason, count) {
      addLoss(fresh, reason, count);
      addLoss(untold, reason, count);
      if (isSaving) return;
      isSaving = true;
      grantOf().after(SAVE_AFTER_MS, save);
    },
    put(more) {
      const all = new Map(fresh);
      const before = fresh;
      addLosses(all, more);
      return {
        puts: all.size > 0 ? [[newKey(), storedForm(all)]] : [],
        written() {
          if (fresh === before) fresh = new Map();
          addLosses(untold, more);
          mayRest ||= all.size > 0;
        },
      };
    },
    async take() {
      const grant = grantOf();
      const told = { counts: new Map(fresh), fresh, keys: [] as string[] };
      fresh = new Map();
      untold.clear();
      if (!mayRest) return told;
      mayRest = false;
      try {
        for (const [key] of await grant.platform.store.entries(PREFIX)) {
          // An object, for a closure writes to it.
          const lease: { got?: Stored } = {};
          await grant.update(key, (old) => {
            const nowMs = grant.platform.now();
            const there = old as Stored | undefined;
            if (!there || !isFree(there, nowMs)) return old;
            lease.got = there;
            return { ...there, leasedUntilMs: nowMs + LEASE_MS };
          });
          if (!lease.got) continue;
          told.keys.push(key);
          addLosses(told.counts, lease.got.counts);
        }
      } catch {
        mayRest = true;
      }
      return told;
    },
    async putBack({ counts, fresh: unwritten, keys }) {
      addLosses(untold, counts);
      addLosses(fresh, unwritten);
      mayRest ||= keys.length > 0;
      for (const key of keys)
        await grantOf()
          .update(key, (old) => old && { ...(old as Stored), leasedUntilMs: 0 })
          .catch(() => undefined);
    },
  };
}
