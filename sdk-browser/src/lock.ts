/** One sender per origin: a web lock per round, or a lease in the store where there are no web locks. */
import type { Platform, Store } from '@outcry/core';

const LONGEST_MS = 30_000;
const LEASE = 'lease';

interface Lease {
  readonly by: number;
  readonly until: number;
}

export interface LockParts extends Pick<Platform, 'now' | 'random' | 'setTimer'> {
  readonly locks: LockManager | undefined;
  readonly name: string;
  readonly store: Store;
  /** Leaving the page gives the lock up: a page in the back/forward cache must not hold it. */
  readonly onLeave: (run: () => void) => () => void;
}

export function makeSenderLock({ locks, name, store, now, random, setTimer, onLeave }: LockParts): Platform['withSenderLock'] {
  const me = random();

  async function leased<T>(work: () => Promise<T | undefined>): Promise<T | undefined> {
    const epoch = await store.epoch();
    // An object, for a closure writes to it.
    const lease = { mine: false };
    const change = (old: unknown): unknown => {
      const at = now();
      const held = old as Lease | undefined;
      // An end further away than any lease lasts was written by a clock that has been set back.
      // So was one that another version writes in another way.
      lease.mine = !held || held.by === me || !(held.until >= at && held.until <= at + LONGEST_MS);
      return lease.mine ? { by: me, until: at + LONGEST_MS } : old;
    };
    if (!(await store.update(epoch, LEASE, change)) || !lease.mine) return undefined;
    try {
      return await work();
    } finally {
      await store.update(epoch, LEASE, (old) => ((old as Lease | undefined)?.by === me ? undefined : old)).catch(() => false);
    }
  }

  return async (work) => {
    const abort = new AbortController();
    const given = new Promise<undefined>((resolve) => {
      abort.signal.addEventListener('abort', () => resolve(undefined));
    });
    const giveUp = (): void => abort.abort();
    const stops = [setTimer(giveUp, LONGEST_MS), onLeave(giveUp)];
    // An object, for a closure writes to it.
    const begun = { yet: false };
    const round = (alone: boolean): Promise<Awaited<ReturnType<typeof work>> | undefined> => {
      begun.yet = true;
      return Promise.race([work(abort.signal, alone), given]);
    };
    try {
      if (locks)
        try {
          return await locks.request(name, { ifAvailable: true }, (lock) => (lock ? round(true) : undefined));
        } catch (error) {
          // Where storage is refused, locks are too; there are no other tabs to share memory with.
          if (begun.yet) throw error;
        }
      return await leased(() => round(false));
    } finally {
      for (const stop of stops) stop();
    }
  };
}
