import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeLazyStore } from '../../sdk-browser/src/lazy-store.js';
import type { LazyStoreParts } from '../../sdk-browser/src/lazy-store.js';
import { openStore } from '../../sdk-browser/src/store.js';
import { everythingStored } from './page.js';

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

const lazy = (more: Partial<LazyStoreParts> = {}): ReturnType<typeof makeLazyStore> =>
  makeLazyStore({ loaded: () => undefined, wasGranted: () => false, name: 'outcry', idb: indexedDB, ...more });

describe('the store before the recording part is loaded', () => {
  it('erases what that part wrote, and raises its epoch, for whoever has it open', async () => {
    const store = await openStore('outcry', indexedDB);
    await store.write(0, [
      ['e:1', new Uint8Array([1])],
      ['worker', {}],
    ]);
    expect([await lazy().epoch(), await lazy().erase(), await lazy().erase()]).toEqual([0, 1, 2]);
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    expect([await lazy().epoch(), await store.epoch(), await store.write(0, [['e:2', 2]])]).toEqual([2, 2, false]);
  });

  it('makes no database by being asked or erased', async () => {
    expect([await lazy().epoch(), await lazy({ wasGranted: () => true }).epoch(), await lazy().erase()]).toEqual([0, 0, 0]);
    // Older browsers do not tell what is there.
    const untold = { open: (name: string) => indexedDB.open(name) } as unknown as IDBFactory;
    expect(await lazy({ idb: untold }).erase()).toBe(0);
    expect(await indexedDB.databases()).toEqual([]);
  });

  it('leaves the raised epoch behind once consent was given, and the recording part takes it from there', async () => {
    expect(await lazy({ wasGranted: () => true }).erase()).toBe(1);
    const store = await openStore('outcry', indexedDB);
    expect([await store.epoch(), await store.write(1, [['e:1', 1]]), await store.get('e:1')]).toEqual([1, true, 1]);
  });

  it('is empty where databases are refused', async () => {
    const refusing = {
      open: () => {
        throw new DOMException('no', 'SecurityError');
      },
    } as unknown as IDBFactory;
    for (const idb of [refusing, undefined]) {
      const store = lazy({ idb, wasGranted: () => true });
      expect([await store.epoch(), await store.erase()]).toEqual([0, 0]);
    }
  });

  it('rejects, without troubling the page, where the database cannot be opened, or is that of somebody else', async () => {
    const heard: unknown[] = [];
    window.addEventListener('error', (event) => heard.push(event));
    await new Promise<void>((resolve) => {
      const request = indexedDB.open('other', 2);
      request.onupgradeneeded = () => request.result.createObjectStore('theirs');
      request.onsuccess = () => {
        request.result.close();
        resolve();
      };
    });
    await expect(lazy({ name: 'other' }).erase()).rejects.toThrow();
    const older = { open: (name: string) => indexedDB.open(name, 1) } as unknown as IDBFactory;
    await expect(lazy({ name: 'other', idb: older }).erase()).rejects.toThrow();
    expect(heard).toEqual([]);
  });

  it('is that of the recording part as soon as there is one, with what it keeps in memory', async () => {
    const memory = await openStore('outcry', undefined);
    await memory.write(0, [['e:1', 1]]);
    const store = lazy({ loaded: () => memory });
    expect([await store.erase(), await store.epoch(), await memory.entries('')]).toEqual([1, 1, []]);
    expect(await indexedDB.databases()).toEqual([]);
  });
});
