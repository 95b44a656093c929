import { IDBFactory, IDBObjectStore as FakeObjectStore } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isThere } from '../../sdk-browser/src/is-there.js';
import { openStore } from '../../sdk-browser/src/store.js';
import { everythingStored } from './page.js';

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const open = () => openStore('outcry', indexedDB);

/** A disk that takes nothing more. */
function fillDisk(): void {
  vi.spyOn(FakeObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
}

describe('the store', () => {
  it('makes no database by being opened, asked or looked for', async () => {
    const store = await open();
    expect([await store.epoch(), await store.get('a'), await store.entries('')]).toEqual([0, undefined, []]);
    expect(await isThere(indexedDB, 'outcry')).toBe(false);
    expect(await indexedDB.databases()).toEqual([]);
  });

  it('keeps values for the next page, in the order of their keys', async () => {
    const store = await open();
    await store.write(0, [
      ['q:2', { bytes: new Uint8Array([2]) }],
      ['q:1', { bytes: new Uint8Array([1]) }],
      ['other', 1],
    ]);
    const later = await open();
    expect(later.durable).toBe(true);
    expect(await later.entries('q:')).toEqual([
      ['q:1', { bytes: new Uint8Array([1]) }],
      ['q:2', { bytes: new Uint8Array([2]) }],
    ]);
    expect(await later.get('other')).toBe(1);
  });

  it('refuses every write of an epoch that is over, and writes nothing of it', async () => {
    const [tab, frozen] = [await open(), await open()];
    await tab.write(0, [['a', 1]]);
    expect(await tab.erase()).toBe(1);
    expect(await frozen.write(0, [['b', 2]])).toBe(false);
    expect(await frozen.update(0, 'c', () => 3)).toBe(false);
    expect((await everythingStored()).keys).toEqual(['!epoch']);
    expect(await frozen.epoch()).toBe(1);
    expect(await frozen.entries('')).toEqual([]);
  });

  it('updates without losing one of many changes at once', async () => {
    const [first, second] = [await open(), await open()];
    const more = (old: unknown): unknown => ((old as number | undefined) ?? 0) + 1;
    await Promise.all(Array.from({ length: 40 }, (_, index) => (index % 2 ? first : second).update(0, 'count', more)));
    expect(await first.get('count')).toBe(40);
    await first.update(0, 'count', () => undefined);
    expect((await everythingStored()).keys).toEqual([]);
  });

  it('undoes the whole write when one value cannot be stored, and rejects without troubling the page', async () => {
    const store = await open();
    const heard: unknown[] = [];
    window.addEventListener('error', (event) => heard.push(event));
    await expect(
      store.write(0, [
        ['a', 1],
        ['b', () => undefined],
      ]),
    ).rejects.toThrow();
    expect(await store.get('a')).toBeUndefined();
    expect(heard).toEqual([]);
  });

  it('keeps in memory what the quota has no room for, until the epoch is over', async () => {
    const store = await open();
    await store.write(0, [['q:1', 1]]);
    fillDisk();
    expect(await store.write(0, [['q:2', 2]])).toBe(true);
    expect(await store.update(0, 'q:3', () => 3)).toBe(true);
    expect(await store.entries('q:')).toEqual([
      ['q:1', 1],
      ['q:2', 2],
      ['q:3', 3],
    ]);
    expect(await store.get('q:2')).toBe(2);
    await store.write(0, [], ['q:2']);
    expect(await store.get('q:2')).toBeUndefined();
    vi.restoreAllMocks();
    await (await open()).erase();
    expect(await store.epoch()).toBe(1);
    expect(await store.entries('q:')).toEqual([]);
  });

  it('lives in memory where databases are refused', async () => {
    const refusing = {
      open: () => {
        throw new DOMException('no', 'SecurityError');
      },
    } as unknown as IDBFactory;
    for (const idb of [refusing, undefined]) {
      const store = await openStore('outcry', idb);
      expect(store.durable).toBe(false);
      expect(await store.write(0, [['a', 1]])).toBe(true);
      expect(await store.get('a')).toBe(1);
    }
  });
});
