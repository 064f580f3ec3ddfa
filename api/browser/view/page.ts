// What either page needs of the browser before anything else, and how it becomes a page that opens without a network.

import { StorageUnavailable } from "../card/database.ts";
import { applyChoices, element, told } from "./language.ts";
import type { Message } from "./messages.ts";

/** The messages that every page has. */
type Messages = Readonly<Record<string, Message>> &
  Readonly<Record<"title" | "insecure" | "tooOld" | "storage" | "broken", Message>>;

/** Begin a page: `start` where the browser can do what it takes; a sentence where it cannot, or fails. */
export async function begin(messages: Messages, languageChanged: () => void, start: () => Promise<void>): Promise<void> {
  applyChoices(messages, languageChanged);
  addEventListener("unhandledrejection", (event) => {
    const known = event.reason instanceof StorageUnavailable;
    // What nobody expected goes on to the console as well.
    if (known) event.preventDefault();
    showProblem(told(known ? messages.storage : messages.broken));
  });
  if (!isSecureContext) showProblem(told(messages.insecure));
  else if (!(await isModern())) showProblem(told(messages.tooOld));
  else await keepOffline().then(start);
}

/** Show a sentence at the head of the page, or take it away. */
export function showProblem(sentence: string | null): void {
  element("problem").hidden = sentence === null;
  element("problem").textContent = sentence;
}

/** Whether this browser has what codes take: Ed25519 in WebCrypto, which all of them have since 2025. */
async function isModern(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return "DecompressionStream" in window && "locks" in navigator;
  } catch {
    return false;
  }
}

/** Keep the page's files, and ask the browser not to throw its data away when space is short. */
async function keepOffline(): Promise<void> {
  await navigator.serviceWorker.register("worker.js");
  await navigator.storage.persist();
}
