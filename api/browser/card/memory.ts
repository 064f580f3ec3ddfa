// What a gate must still know after a restart: which codes it admitted, and how often each person rode.

import type { Recollection } from "./admission.ts";
import { toHex } from "./bytes.ts";
import type { VerifiedToken } from "./presentation.ts";
import type { Stored, Writing } from "./storage.ts";
import { localDay } from "./tariff.ts";

// Longer than any tariff's window and skew, so that nothing is forgotten that could still be fresh.
const KEPT_MS = 3_600_000;
// Longer than a month, so that its rides can be counted to its end.
const PERSON_KEPT_MS = 32 * 86_400_000;
const PRUNE_EVERY_MS = 300_000;
const MINUTE_MS = 60_000;

/** In IndexedDB for restarts and in RAM for speed, as card/memory.py has it: a code is filed under its own minute. */
export class Memory {
  private readonly admitted = new Map<number, Set<string>>();
  private readonly persons = new Map<string, { lastAt: number; rides: number; monthRides: number }>();
  private prunedAt: number | null = null;
  private forgotten = -1;

  load(stored: Stored): void {
    this.forgotten = Math.max(this.forgotten, stored.forgotten);
    for (const { minute, identity } of stored.remembered) this.file(minute, identity);
    for (const { pseudonym, lastAt, rides, monthRides } of stored.persons) {
      // Of what was kept before months were counted, the rides of the day are the least that the month has had.
      this.persons.set(pseudonym, { lastAt, rides, monthRides: monthRides ?? rides });
    }
  }

  recall(token: VerifiedToken, at: number): Recollection {
    const minute = minuteOf(token);
    const person = this.persons.get(toHex(token.credential.claims.pseudonym));
    return {
      admitted: minute !== null && (this.admitted.get(minute)?.has(toHex(token.identity)) ?? false),
      forgotten: minute !== null && minute <= this.forgotten,
      rides: person !== undefined && localDay(person.lastAt) === localDay(at) ? person.rides : 0,
      monthRides: person !== undefined && localMonth(person.lastAt) === localMonth(at) ? person.monthRides : 0,
      lastAt: person?.lastAt ?? null,
    };
  }

  /** Put an admission into the caller's transaction; sometimes what is old is dropped too. */
  write(writing: Writing, token: VerifiedToken, at: number): void {
    const minute = minuteOf(token);
    if (minute !== null) writing.remember({ minute, identity: toHex(token.identity) });
    const pseudonym = toHex(token.credential.claims.pseudonym);
    writing.keepPerson({ pseudonym, ...this.after(token, at) });
    if (!this.prunesAt(at)) return;
    const oldest = Math.max(-1, ...this.oldMinutes(at));
    if (oldest >= 0) writing.forget(oldest, Math.max(this.forgotten, oldest));
    for (const old of this.oldPersons(at)) writing.dropPerson(old);
  }

  /** Remember an admission in RAM, once it is written. */
  note(token: VerifiedToken, at: number): void {
    this.persons.set(toHex(token.credential.claims.pseudonym), this.after(token, at));
    const minute = minuteOf(token);
    if (minute !== null) this.file(minute, toHex(token.identity));
    if (this.prunesAt(at)) this.prune(at);
  }

  /** What is to be remembered of the person once she is admitted. */
  private after(token: VerifiedToken, at: number): { lastAt: number; rides: number; monthRides: number } {
    const past = this.recall(token, at);
    return { lastAt: at, rides: past.rides + 1, monthRides: past.monthRides + 1 };
  }

  private file(minute: number, identity: string): void {
    const filed = this.admitted.get(minute) ?? new Set();
    this.admitted.set(minute, filed.add(identity));
  }

  private prunesAt(at: number): boolean {
    return this.prunedAt === null || Math.abs(at - this.prunedAt) >= PRUNE_EVERY_MS;
  }

  private prune(at: number): void {
    this.prunedAt = at;
    for (const minute of this.oldMinutes(at)) {
      this.admitted.delete(minute);
      this.forgotten = Math.max(this.forgotten, minute);
    }
    for (const pseudonym of this.oldPersons(at)) this.persons.delete(pseudonym);
  }

  private oldMinutes(at: number): number[] {
    const limit = Math.floor((at - KEPT_MS) / MINUTE_MS);
    return [...this.admitted.keys()].filter((minute) => minute < limit);
  }

  private oldPersons(at: number): string[] {
    return [...this.persons].filter(([, { lastAt }]) => lastAt < at - PERSON_KEPT_MS).map(([pseudonym]) => pseudonym);
  }
}

function localMonth(at: number): string {
  return localDay(at).slice(0, 7);
}

/** The minute under which a code is filed; null for a printed code, which is the same on every day of its months. */
function minuteOf(token: VerifiedToken): number | null {
  const { kind, expiresAt } = token.credential.claims;
  if (token.presentedAt !== null) return Math.floor(token.presentedAt / MINUTE_MS);
  return kind === "printed" ? null : Math.floor(expiresAt / MINUTE_MS);
}
