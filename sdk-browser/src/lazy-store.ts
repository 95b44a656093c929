import type { Store } from '@outcry/core';

/**
 * What the agent needs of its store outside of a session, fetched when it is first needed.
 *
 * @param name - Of its database.
 * @param idb - Asked before erasing: what was never made need not be loaded to be erased.
 */
export function makeLazyStore(get: () => Promise<Store>, name: string, idb: IDBFactory | undefined): Pick<Store, 'epoch' | 'erase'> {
  const isMade = async (): Promise<boolean> => !idb?.databases || (await idb.databases()).some((each) => each.name === name);
  return {
    epoch: async () => (await get()).epoch(),
    erase: async () => ((await isMade()) ? (await get()).erase() : 0),
  };
}
