// What the phone keeps: one record in IndexedDB, with key and pass. Nothing else of the holder is anywhere. Every tab with this
// page has the same record, and hears from the one that changes it.

const NAME = "pass", STORE = "kept", PLACE = "mine";
const tabs = globalThis.BroadcastChannel && new BroadcastChannel(NAME);

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("blocked"));
  });
}

// What `act` makes of the record that is there, in one transaction with what it puts into the store.
async function done(mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const work = database.transaction(STORE, mode);
      const store = work.objectStore(STORE), asked = store.get(PLACE);
      let made;
      asked.onsuccess = () => { made = act(asked.result, store); };
      work.oncomplete = () => resolve(made);
      work.onerror = work.onabort = () => reject(work.error);
    });
  } finally {
    database.close();
  }
}

// Whether both are of one key, or neither is anything.
export const same = (one, other) => String(one?.key.public) === String(other?.key.public);

export const kept = () => done("readonly", (found) => found);

// What was there when the page was opened: asked for before anything else is loaded, since the first code waits for it.
export const atFirst = kept();
atFirst.catch(() => {}); // whoever waits for it is told

// Puts a record in the place of `before`, unless another tab has deleted that or has put one of another key there. What is kept now.
export async function keep(before, record) {
  const now = await done("readwrite", (found, store) => {
    if (!same(found, before)) return found;
    store.put(record, PLACE);
    return record;
  });
  tell();
  return now;
}

// The whole database goes, so that no key is left behind.
export async function forget() {
  await new Promise((resolve) => {
    const asked = indexedDB.deleteDatabase(NAME);
    asked.onsuccess = asked.onerror = asked.onblocked = () => resolve();
  });
  tell();
}

function tell() {
  if (tabs) tabs.postMessage("changed");
}

// Another tab has kept or forgotten something. Where the browser cannot tell, whoever looks at a tab again has to read it again.
export function whenChanged(act) {
  if (tabs) tabs.onmessage = act;
}
