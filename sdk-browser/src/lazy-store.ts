import type { Store } from '@outcry/core';
import { EPOCH, TABLE } from './database.js';
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
  const inDatabase = (mode: 'readonly' | 'readwrite'): Promise<number> =>
    new Promise((resolve, reject) => {
      const opening = allowed(() => idb?.open(name));
      // Where databases are refused nothing can be in one.
      if (!opening) {
        resolve(0);
        return;
      }
      opening.onupgradeneeded = () => {
        if (mode === 'readwrite' && wasGranted()) opening.result.createObjectStore(TABLE);
        else {
          // What was never made stays so.
          resolve(0);
          opening.transaction?.abort();
        }
      };
      opening.onerror = (event) => {
        event.preventDefault();
        reject(new Error());
      };
      opening.onsuccess = () => {
        const { result } = opening;
        // What throws in there rejects.
        const asking = new Promise<number>((done, fail) => {
          const transaction = result.transaction(TABLE, mode);
          const table = transaction.objectStore(TABLE);
          const asked = table.get(EPOCH) as IDBRequest<number | undefined>;
          let epoch = 0;
          asked.onsuccess = () => {
            epoch = asked.result ?? 0;
            if (mode === 'readonly') return;
            table.clear();
            table.put(++epoch, EPOCH);
          };
          transaction.oncomplete = () => done(epoch);
          transaction.onabort = () => fail(new Error());
        });
        // Closes when the transaction is over.
        result.close();
        resolve(asking);
      };
    });
  /** Looked up without opening it where the browser tells: even a database that is given up at once costs the disk some bytes. */
  const isMade = async (): Promise<boolean> =>
    !idb?.databases || (await idb.databases().catch(() => [{ name }])).some((each) => each.name === name);
  return {
    epoch: async () => loaded()?.epoch() ?? inDatabase('readonly'),
    erase: async () => loaded()?.erase() ?? (wasGranted() || (await isMade()) ? inDatabase('readwrite') : 0),
  };
}
