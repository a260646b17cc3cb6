/** "local" is kept in this browser, "session" for as long as the tab lives. */
export type Where = "local" | "session";

/** What the browser did not take: it is full, or keeps nothing for pages. It lasts as long as the page. */
const untaken = new Map<string, string | null>();

/** A text that was kept; null for none. Never throws. */
export function readKept(where: Where, key: string): string | null {
  const text = untaken.get(`${where} ${key}`);
  if (text !== undefined) {
    return text;
  }
  try {
    return storageOf(where).getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text, or with null forgets it. Never throws. */
export function keep(where: Where, key: string, text: string | null): void {
  untaken.delete(`${where} ${key}`);
  try {
    const storage = storageOf(where);
    if (text === null) {
      storage.removeItem(key);
    } else {
      storage.setItem(key, text);
    }
  } catch {
    untaken.set(`${where} ${key}`, text);
  }
}

/** Forgets all texts whose keys begin so. */
export function forgetKept(where: Where, prefix: string): void {
  for (const name of untaken.keys()) {
    if (name.startsWith(`${where} ${prefix}`)) {
      untaken.delete(name);
    }
  }
  try {
    const storage = storageOf(where);
    for (const key of Object.keys(storage).filter((each) => each.startsWith(prefix))) {
      storage.removeItem(key);
    }
  } catch {
    // It keeps nothing.
  }
}

/** Asking for it throws where the browser keeps nothing for pages. */
function storageOf(where: Where): Storage {
  return where === "local" ? window.localStorage : window.sessionStorage;
}
