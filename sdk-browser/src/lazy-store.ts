import type { Store } from '@outcry/core';

/**
 * What the agent needs of its store outside of a session, fetched when it is first needed.
 *
 * @param name - Of its database.
 * @param idb - Asked before erasing: what was never made need not be loaded to be erased. Once consent was given, a withdrawal always
 *   leaves the raised epoch behind, for a tab that is frozen just now.
 */
export function makeLazyStore(get: () => Promise<Store>, name: string, idb: IDBFactory | undefined): Pick<Store, 'epoch' | 'erase'> {
  let granted = false;
  // Browsers that do not tell are taken to have it; those that refuse databases have none.
  const made = async (): Promise<boolean> =>
    !idb?.databases ? idb !== undefined : (await idb.databases().catch(() => [])).some((each) => each.name === name);
  return {
    async epoch() {
      granted = true;
      return (await get()).epoch();
    },
    erase: async () => (granted || (await made()) ? (await get()).erase() : 0),
  };
}
