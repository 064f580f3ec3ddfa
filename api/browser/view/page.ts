// What either page needs of the browser before anything else, and how it becomes a page that opens without a network.

/** Whether this browser has what checking and showing codes takes: Ed25519 in WebCrypto, from 2025 on in all of them. */
export async function isModern(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
    return "DecompressionStream" in window && "locks" in navigator;
  } catch {
    return false;
  }
}

/** Keep the page's files, and ask the browser not to throw its data away when space is short. */
export async function keepOffline(): Promise<void> {
  await navigator.serviceWorker.register("worker.js");
  await navigator.storage.persist();
}
