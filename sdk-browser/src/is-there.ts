import { openThere } from './database.js';

/** Whether the database is there; looking does not make it. Rejects where the browser refuses databases. */
export async function isThere(idb: IDBFactory, name: string): Promise<boolean> {
  const database = await openThere(idb, name);
  database?.close();
  return database !== undefined;
}
