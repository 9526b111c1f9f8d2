// Keeps the page on the phone, so that it opens without a network. Only what LIST names is kept, all of it or nothing.
const NAME = "pass-$DIGEST";
const LIST = $LIST;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(LIST.map((path) => new Request(path, {cache: "reload"})));
    await straight(event).catch(() => {});
    await self.skipWaiting();
  })());
});

// Where the browser can do that (Static Routing), it takes them from there without waking this worker.
async function straight(event) {
  const same = {requestMethod: "GET", urlPattern: null};
  const routes = LIST.map((path) => ({...same, urlPattern: new URLPattern({pathname: path, search: "", baseURL: location.origin})}));
  if (event.addRoutes) await event.addRoutes({condition: {or: routes}, source: {cacheName: NAME}});
}

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== NAME) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const {pathname, origin} = new URL(event.request.url);
  const path = pathname.startsWith("/o/") ? "$HERE" : pathname;  // where the code at a display leads is the same page
  if (event.request.method !== "GET" || origin !== location.origin || !LIST.includes(path)) return;
  event.respondWith(caches.open(NAME).then((cache) => cache.match(path)).then((held) => held || fetch(event.request)));
});
