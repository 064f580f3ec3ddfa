// Opens the device's one database in IndexedDB, whose strict transactions are on the disk before they are answered.

import { type Bytes, random } from "./bytes.ts";
import { answered, explained, openDatabase, StorageUnavailable, written } from "./database.ts";
import { EPOCH_BYTES, HASH_BYTES } from "./scan.ts";

/** Where the chain of scans ends. */
export interface Chain {
  readonly epoch: Bytes;
  readonly sequence: number;
  readonly hash: Bytes;
}

export interface Remembered {
  readonly minute: number;
  readonly identity: string;
}

export interface Person {
  readonly pseudonym: string;
  readonly lastAt: number;
  readonly rides: number;
  readonly monthRides?: number;
}

/** What a gate reads once, when it is opened. */
export interface Stored {
  readonly forgotten: number;
  readonly remembered: readonly Remembered[];
  readonly persons: readonly Person[];
}

export { StorageUnavailable };

const NAME = "sdc-scanner";
const STORES = ["state", "scan", "remembered", "person", "device"] as const;
type Store = (typeof STORES)[number];

export class Storage {
  private readonly database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.database = database;
  }

  /** Open the database, made with a new epoch if there is none. */
  static async open(name = NAME): Promise<Storage> {
    return new Storage(await openDatabase(name, create));
  }

  async chain(): Promise<Chain> {
    return this.kept<Chain>("state", "chain") as Promise<Chain>;
  }

  /** What is kept under a name of a store; undefined if nothing is. */
  async kept<T>(store: Store, name: string): Promise<T | undefined> {
    return explained(() => answered<T | undefined>(this.reading(store).get(name)));
  }

  async stored(): Promise<Stored> {
    const forgotten = (await this.kept<number>("state", "forgotten")) ?? -1;
    const remembered = await explained(() => answered<Remembered[]>(this.reading("remembered").getAll()));
    const persons = await explained(() => answered<Person[]>(this.reading("person").getAll()));
    return { forgotten, remembered, persons };
  }

  /** Records after a number, oldest first, `most` at most, with their numbers. */
  async scansAfter(sequence: number, most: number): Promise<readonly (readonly [number, Bytes])[]> {
    return explained(async () => {
      const range = IDBKeyRange.lowerBound(sequence, true);
      const scans = this.reading("scan");
      const [numbers, records] = await Promise.all([
        answered(scans.getAllKeys(range, most)),
        answered<Bytes[]>(scans.getAll(range, most)),
      ]);
      return numbers.map((number, at) => [Number(number), records[at]!] as const);
    });
  }

  /** All of what `work` writes or none of it, on the disk before this resolves. */
  async write(work: (writing: Writing) => void): Promise<void> {
    return written(this.database, STORES, (transaction) => work(new Writing(transaction)));
  }

  private reading(store: Store): IDBObjectStore {
    return this.database.transaction(store).objectStore(store);
  }
}

/** What can be written within one transaction. */
export class Writing {
  private readonly transaction: IDBTransaction;

  constructor(transaction: IDBTransaction) {
    this.transaction = transaction;
  }

  keep(store: "state" | "device", name: string, value: unknown): void {
    this.store(store).put(value, name);
  }

  append(record: Bytes, chain: Chain): void {
    // `add` fails where a number is given twice, and nothing of the transaction stays.
    this.store("scan").add(record, chain.sequence);
    this.keep("state", "chain", chain);
  }

  dropScansUpTo(sequence: number): void {
    this.store("scan").delete(IDBKeyRange.upperBound(sequence));
  }

  remember(remembered: Remembered): void {
    this.store("remembered").put(remembered);
  }

  forget(upToMinute: number, forgotten: number): void {
    this.store("remembered").delete(IDBKeyRange.upperBound([upToMinute + 1], true));
    this.keep("state", "forgotten", forgotten);
  }

  keepPerson(person: Person): void {
    this.store("person").put(person);
  }

  dropPerson(pseudonym: string): void {
    this.store("person").delete(pseudonym);
  }

  private store(name: Store): IDBObjectStore {
    return this.transaction.objectStore(name);
  }
}

function create(database: IDBDatabase): void {
  database.createObjectStore("scan");
  database.createObjectStore("device");
  database.createObjectStore("remembered", { keyPath: ["minute", "identity"] });
  database.createObjectStore("person", { keyPath: "pseudonym" });
  const state = database.createObjectStore("state");
  const chain: Chain = { epoch: random(EPOCH_BYTES), sequence: 0, hash: new Uint8Array(HASH_BYTES) };
  state.put(chain, "chain");
}
