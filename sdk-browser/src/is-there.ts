/** Whether the database is there; looking does not make it. Rejects where the browser refuses databases. */
export async function isThere(idb: IDBFactory, name: string): Promise<boolean> {
  const request = idb.open(name);
  let made = false;
  request.onupgradeneeded = () => {
    made = true;
    request.transaction?.abort();
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      request.result.close();
      resolve(true);
    };
    request.onerror = (event) => {
      event.preventDefault();
      if (made) resolve(false);
      else reject(request.error ?? new Error());
    };
  });
}
