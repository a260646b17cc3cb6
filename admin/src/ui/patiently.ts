// The loader asks once for each style sheet, so that of a part which is asked for again would be missing.
window.addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLLinkElement && target.rel === "stylesheet" && !navigator.onLine) {
      window.addEventListener("online", () => target.replaceWith(target.cloneNode()), { once: true });
    }
  },
  true,
);

/**
 * Loads a part of the UI, and waits for the network where there is none: a part that failed to load once is not asked
 * for again by React.
 */
export function patiently<T>(load: () => Promise<T>): () => Promise<T> {
  return async function again(): Promise<T> {
    try {
      return await load();
    } catch (error) {
      if (navigator.onLine) {
        throw error;
      }
      await new Promise((resolve) => window.addEventListener("online", resolve, { once: true }));
      return again();
    }
  };
}
