import type { Store } from './platform.js';

/** A store that ends with the page or process: where nothing durable is allowed or works. Never rejects. */
export function makeMemoryStore(): Store {
  const values = new Map<string, unknown>();
  let epoch = 0;
  return {
    durable: false,
    epoch: () => Promise.resolve(epoch),
    get: (key) => Promise.resolve(values.get(key)),
    entries: (prefix) => Promise.resolve([...values].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))),
    write(of, puts, deletes = []) {
      if (of !== epoch) return Promise.resolve(false);
      for (const key of deletes) values.delete(key);
      for (const [key, value] of puts) values.set(key, value);
      return Promise.resolve(true);
    },
    update(of, key, change) {
      if (of !== epoch) return Promise.resolve(false);
      const value = change(values.get(key));
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      return Promise.resolve(true);
    },
    erase() {
      values.clear();
      return Promise.resolve(++epoch);
    },
  };
}
