/** Lets so many milliseconds pass; throws the signal's reason when that ends it. Needs nothing of Node. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** A pause that doubles with each failure, shortened by chance so that clients do not come back all at once. */
export function grownPause(failures: number, backoff: { firstMs: number; longestMs: number }): number {
  return Math.min(backoff.firstMs * 2 ** failures, backoff.longestMs) * (0.25 + Math.random() * 0.75);
}
