/**
 * Who of the origin hears the others: each page that listens holds a web lock of its own name, and gives it up while it is frozen or
 * in the back/forward cache, where it would answer nobody. The browser gives up those of pages that end.
 */
export interface Presence {
  /** The lock's name. */
  readonly mine: string;
  /** How many others are held. Rejects where the browser does not tell. */
  readonly others: () => Promise<number>;
}

/** @param name - Of the store that they share. */
export function makePresence(locks: LockManager, name: string, random: () => number): Presence {
  const prefix = `${name}:page:`;
  // Drawn for this page's lifetime, and only to tell it from the others.
  const mine = prefix + String(random());
  return {
    mine,
    async others() {
      const { held = [] } = await locks.query();
      return new Set(held.map((lock) => lock.name).filter((lock) => lock?.startsWith(prefix) && lock !== mine)).size;
    },
  };
}
