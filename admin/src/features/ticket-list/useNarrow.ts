import { useSyncExternalStore } from "react";

const NARROW = "(max-width: 767px)";

/** Whether there is room for cards alone; known at the first drawing, so that nothing jumps. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(NARROW).matches);
}

function subscribe(listener: () => void): () => void {
  const media = window.matchMedia(NARROW);
  media.addEventListener("change", listener);
  return () => media.removeEventListener("change", listener);
}
