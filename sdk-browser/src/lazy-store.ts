import type { Store } from '@outcry/core';
import { isThere } from './is-there.js';

/**
 * What the agent needs of its store outside of a session, fetched when it is first needed.
 *
 * @param name - Of its database.
 * @param idb - Asked before erasing: what was never made need not be loaded to be erased. Once consent was given, a withdrawal always
 *   leaves the raised epoch behind, for a tab that is frozen just now.
 */
export function makeLazyStore(get: () => Promise<Store>, name: string, idb: IDBFactory | undefined): Pick<Store, 'epoch' | 'erase'> {
  let granted = false;
  return {
    async epoch() {
      granted = true;
      return (await get()).epoch();
    },
    erase: async () => (granted || (idb && (await isThere(idb, name).catch(() => false))) ? (await get()).erase() : 0),
  };
}
