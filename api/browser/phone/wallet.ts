// What the demo phone keeps between starts: whom it plays, its key, the pass, and what was shown last.

import type { Bytes } from "../card/bytes.ts";
import type { SigningKey } from "../card/cose.ts";
import { answered, explained, openDatabase, written } from "../card/database.ts";
import type { Holding } from "./holding.ts";
import type { Person } from "./people.ts";

/** The content of a wallet; `passUntil` is milliseconds since 1970. */
export interface Content {
  readonly person: Person;
  readonly key: SigningKey;
  readonly pass: Bytes;
  readonly passUntil: number;
  readonly holding: Holding;
}

const STORE = "wallet";
const CONTENT = "content";

export class Wallet {
  private readonly database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.database = database;
  }

  static async open(): Promise<Wallet> {
    return new Wallet(await openDatabase("sdc-phone", (database) => database.createObjectStore(STORE)));
  }

  async content(): Promise<Content | null> {
    const asked = this.database.transaction(STORE).objectStore(STORE).get(CONTENT);
    return (await explained(() => answered<Content | undefined>(asked))) ?? null;
  }

  async keep(content: Content): Promise<void> {
    await written(this.database, [STORE], (transaction) => transaction.objectStore(STORE).put(content, CONTENT));
  }

  async empty(): Promise<void> {
    await written(this.database, [STORE], (transaction) => transaction.objectStore(STORE).clear());
  }
}
