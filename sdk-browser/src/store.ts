/**
 * All state of the agent in one idb-keyval store, the consent epoch among it, so that every write can check the epoch in its own
 * transaction. Nothing is created before the first write. Where IndexedDB is refused the store lives in memory; what no longer fits
 * into the quota is kept in memory beside it, for as long as the page and the epoch last.
 */
import { createStore, promisifyRequest } from 'idb-keyval';
import type { UseStore } from 'idb-keyval';
import { makeMemoryStore } from '@outcry/core';
import type { Store } from '@outcry/core';
import { EPOCH, TABLE } from './database.js';
import { isThere } from './is-there.js';

/**
 * One transaction that first reads the epoch.
 *
 * @param work - Runs inside it and must not wait; later steps go through `then`. What any of them throws undoes the transaction and
 *   rejects here, instead of reaching the page.
 */
async function transact<T>(
  use: UseStore,
  work: (store: IDBObjectStore, epoch: number, then: <V>(request: IDBRequest<V>, run: (value: V) => void) => void) => T,
): Promise<T> {
  return use('readwrite', async (store) => {
    let result: { readonly value: T } | undefined;
    let error: unknown;
    const then = <V>(request: IDBRequest<V>, run: (value: V) => void): void => {
      request.onsuccess = () => {
        try {
          run(request.result);
        } catch (thrown) {
          error = thrown;
          store.transaction.abort();
        }
      };
    };
    then(store.get(EPOCH) as IDBRequest<number | undefined>, (epoch = 0) => (result = { value: work(store, epoch, then) }));
    await promisifyRequest(store.transaction).catch((thrown: unknown) => {
      throw (error ?? thrown) as Error;
    });
    if (!result) throw new Error();
    return result.value;
  });
}

function makeDatabase(name: string, idb: IDBFactory): Store {
  const use = createStore(name, TABLE);
  const overflow = new Map<string, unknown>();
  let there = false;
  let overflowEpoch = 0;

  const exists = async (): Promise<boolean> => (there ||= await isThere(idb, name));
  const sync = (epoch: number): number => {
    if (epoch !== overflowEpoch) overflow.clear();
    return (overflowEpoch = epoch);
  };
  const write: Store['write'] = async (of, puts, deletes = []) => {
    const attempt = (fitting: [string, unknown][]): Promise<boolean> =>
      transact(use, (store, epoch) => {
        if (sync(epoch) !== of) return false;
        for (const key of deletes) store.delete(key);
        for (const [key, value] of fitting) store.put(value, key);
        return true;
      });
    let kept: [string, unknown][] = [];
    const done = await attempt(puts).catch((error: unknown) => {
      if ((error as Error | null)?.name !== 'QuotaExceededError') throw error;
      kept = puts;
      return attempt([]);
    });
    there = true;
    if (done) {
      for (const [key] of puts) overflow.delete(key);
      for (const key of deletes) overflow.delete(key);
      for (const [key, value] of kept) overflow.set(key, value);
    }
    return done;
  };

  return {
    durable: true,
    inMemory: (key) => overflow.has(key),
    async epoch() {
      return (await exists())
        ? sync((await use('readonly', (store) => promisifyRequest(store.get(EPOCH) as IDBRequest<number | undefined>))) ?? 0)
        : 0;
    },
    async get(key) {
      if (overflow.has(key)) return overflow.get(key);
      return (await exists()) ? use('readonly', (store) => promisifyRequest(store.get(key) as IDBRequest<unknown>)) : undefined;
    },
    async entries(prefix) {
      if (!(await exists())) return [];
      const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
      const [keys, values] = await use('readonly', (store) =>
        Promise.all([promisifyRequest(store.getAllKeys(range)), promisifyRequest(store.getAll(range) as IDBRequest<unknown[]>)]),
      );
      const all = new Map(keys.map((key, index) => [key as string, values[index]]));
      for (const [key, value] of overflow) if (key.startsWith(prefix)) all.set(key, value);
      all.delete(EPOCH);
      return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
    },
    write,
    async update(of, key, change) {
      let changed: unknown;
      try {
        const done = await transact(use, (store, epoch, then) => {
          if (sync(epoch) !== of) return false;
          if (overflow.has(key)) {
            changed = change(overflow.get(key));
            if (changed === undefined) overflow.delete(key);
            else overflow.set(key, changed);
            return true;
          }
          then(store.get(key) as IDBRequest<unknown>, (old) => {
            changed = change(old);
            if (changed === undefined) store.delete(key);
            else store.put(changed, key);
          });
          return true;
        });
        there = true;
        return done;
      } catch (error) {
        if ((error as Error | null)?.name !== 'QuotaExceededError') throw error;
        return write(of, [[key, changed]]);
      }
    },
    async erase() {
      overflow.clear();
      there = true;
      return transact(use, (store, epoch) => {
        store.clear();
        store.put(epoch + 1, EPOCH);
        return (overflowEpoch = epoch + 1);
      });
    },
  };
}

/**
 * Opens the store of one origin.
 *
 * @param name - Of the database; a page that names another keeps its state apart.
 * @param idb - Undefined where there is none.
 * @returns The database, or memory where the browser refuses one (private mode, blocked storage): it refuses the first question too. Never rejects.
 */
export async function openStore(name: string, idb: IDBFactory | undefined): Promise<Store> {
  try {
    if (!idb) throw new Error();
    const database = makeDatabase(name, idb);
    await database.epoch();
    return database;
  } catch {
    return { ...makeMemoryStore(), inMemory: () => true };
  }
}
