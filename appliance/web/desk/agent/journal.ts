// A second copy of what was typed, in IndexedDB. localStorage reaches the disk seconds after it was written, and a browser
// that is killed takes them with it; a transaction of IndexedDB has left the browser within milliseconds.

const [NAME, STORE, PATIENCE] = ["callstead", "typed", 1000] as const; // PATIENCE: milliseconds at the start

let opened: Promise<IDBDatabase> | null = null;

function done<T>(asked: IDBRequest<T>): Promise<T> {
  return new Promise((good, bad) => {
    asked.onsuccess = () => good(asked.result);
    asked.onerror = () => bad(asked.error ?? new Error("IndexedDB"));
  });
}

function database(): Promise<IDBDatabase> {
  const asked = indexedDB.open(NAME, 1);
  asked.onupgradeneeded = () => void asked.result.createObjectStore(STORE);
  return done(asked);
}

async function store(): Promise<IDBObjectStore> {
  opened ??= database();
  return (await opened).transaction(STORE, "readwrite").objectStore(STORE);
}

/** Kept soon; null: it is not there any more. Without IndexedDB the copy in localStorage stands alone. */
export function note(name: string, text: string | null): void {
  void store().then((kept) => void kept.put(text, name)).catch(() => undefined);
}

async function everything(): Promise<void> {
  const kept = await store();
  const [names, texts] = await Promise.all([done(kept.getAllKeys()), done(kept.getAll() as IDBRequest<(string | null)[]>)]);
  const settled: string[] = [];
  names.map(String).forEach((name, index) => {
    const text = texts[index] ?? null;
    if (text !== null) localStorage.setItem(name, text);
    else if (localStorage.getItem(name) === null) settled.push(name); // both have forgotten it
    else localStorage.removeItem(name);
  });
  const now = await store();
  for (const name of settled) now.delete(name);
}

/** At the start: localStorage as it was before the browser was killed. Never fails, and never waits long. */
export function recovered(): Promise<void> {
  const late = new Promise<void>((good) => setTimeout(good, PATIENCE));
  return Promise.race([everything().catch(() => undefined), late]);
}
