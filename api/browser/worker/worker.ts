// Keeps one page's files on the device, so that it opens without a network; everything else goes to the network alone.

declare const FILES: readonly string[];
declare const VERSION: string;
const worker = self as unknown as ServiceWorkerGlobalScope;
const SCOPE = worker.registration.scope;
const CACHE = `${new URL(SCOPE).pathname} ${VERSION}`;
const INDEX = "index.html";

worker.addEventListener("install", (event) => {
  event.waitUntil(install().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(dropOld().then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  const name = fileOf(event.request);
  if (name !== null) event.respondWith(kept(name, event.request));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  // The index stands under the page's own address, which is all that the server knows it by.
  await cache.addAll(FILES.map((name) => new Request(SCOPE + (name === INDEX ? "" : name), { cache: "no-cache" })));
}

async function dropOld(): Promise<void> {
  const prefix = `${new URL(SCOPE).pathname} `;
  const names = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== CACHE);
  await Promise.all(names.map((name) => caches.delete(name)));
}

/** The name of the page's file that is asked for; null for anything else. */
function fileOf(request: Request): string | null {
  const [address = ""] = request.url.split(/[?#]/);
  if (request.method !== "GET" || !address.startsWith(SCOPE)) return null;
  const name = address.slice(SCOPE.length);
  return name === "" || FILES.includes(name) ? name : null;
}

async function kept(name: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(SCOPE + name)) ?? fetch(request);
}
