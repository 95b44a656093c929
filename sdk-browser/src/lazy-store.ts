import type { Store } from '@outcry/core';
import { epochIn, openThere } from './database.js';
import { allowed } from './scope.js';

export interface LazyStoreParts {
  /** The store of the recording part, as soon as that is loaded. */
  readonly loaded: () => Store | undefined;
  /** Whether consent was given to this page: a withdrawal then leaves the raised epoch behind in any case, for a tab that is frozen just now. */
  readonly wasGranted: () => boolean;
  /** Of the database. */
  readonly name: string;
  readonly idb: IDBFactory | undefined;
}

/**
 * What the agent needs of its store outside of a session, also while the recording part cannot be loaded: a withdrawal waits for nothing.
 * Both reject when the database fails.
 */
export function makeLazyStore({ loaded, wasGranted, name, idb }: LazyStoreParts): Pick<Store, 'epoch' | 'erase'> {
  /** Where databases are refused nothing can be in one. */
  const inDatabase = async (erasing: boolean): Promise<number> =>
    epochIn(await allowed(() => idb && openThere(idb, name, erasing && wasGranted())), erasing);
  /** Looked up without opening it where the browser tells: even a database that is given up at once costs the disk some bytes. */
  const isMade = async (): Promise<boolean> =>
    !idb?.databases || (await idb.databases().catch(() => [{ name }])).some((each) => each.name === name);
  return {
    epoch: async () => loaded()?.epoch() ?? inDatabase(false),
    erase: async () => loaded()?.erase() ?? (wasGranted() || (await isMade()) ? inDatabase(true) : 0),
  };
}
