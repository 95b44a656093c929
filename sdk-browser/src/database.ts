/** The agent's database without any library: what a withdrawal needs of it at any time. */

/** Its only object store. */
export const TABLE = 'outcry';
/** The key of the consent epoch. */
export const EPOCH = '!epoch';

/**
 * Opens the database.
 *
 * @param make - Also where none is there; without that, looking makes none.
 * @returns Undefined where none is there. Rejects when it cannot be opened.
 * @throws Where the browser refuses databases.
 */
export function openThere(idb: IDBFactory, name: string, make = false): Promise<IDBDatabase | undefined> {
  const request = idb.open(name);
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => {
      if (make) request.result.createObjectStore(TABLE);
      else {
        resolve(undefined);
        request.transaction?.abort();
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      reject(new Error());
    };
  });
}

/**
 * Reads the consent epoch, or erases everything and raises it, in one transaction; then closes the database.
 *
 * @returns The epoch, 0 without a database. Rejects when the database fails.
 */
export async function epochIn(database: IDBDatabase | undefined, erasing: boolean): Promise<number> {
  if (!database) return 0;
  const transaction = database.transaction(TABLE, erasing ? 'readwrite' : 'readonly');
  // When the transaction is over.
  database.close();
  const table = transaction.objectStore(TABLE);
  const asked = table.get(EPOCH) as IDBRequest<number | undefined>;
  return new Promise((resolve, reject) => {
    let epoch = 0;
    asked.onsuccess = () => {
      epoch = asked.result ?? 0;
      if (!erasing) return;
      table.clear();
      table.put(++epoch, EPOCH);
    };
    transaction.oncomplete = () => resolve(epoch);
    transaction.onabort = () => reject(new Error());
  });
}
