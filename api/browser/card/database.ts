// IndexedDB with promises: opened, asked, and written to in transactions that are on the disk when they end.

const VERSION = 1;

/** The browser's storage cannot be read or written. */
export class StorageUnavailable extends Error {}

/** Open a database, whose stores `create` makes where there is none yet. */
export async function openDatabase(name: string, create: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return explained(() => {
    const opening = indexedDB.open(name, VERSION);
    // What is made here belongs to the transaction that opens the database.
    opening.onupgradeneeded = () => create(opening.result);
    return answered(opening);
  });
}

export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All of what `work` writes or none of it, on the disk before this resolves. */
export async function written(
  database: IDBDatabase,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => void,
): Promise<void> {
  return explained(
    () =>
      new Promise<void>((resolve, reject) => {
        const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
        try {
          work(transaction);
        } catch (error) {
          transaction.abort();
          reject(error);
        }
      }),
  );
}

/** What `work` gives; throws StorageUnavailable for whatever goes wrong in it. */
export async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StorageUnavailable("the browser's storage cannot be used", { cause: error });
  }
}
