import { useSyncExternalStore } from "react";
import { forgetKept } from "@/api/kept";

const listeners = new Set<() => void>();
let over = false;

/** Whether the session has ended in this page, which is on its way to the login. */
export function useIsOver(): boolean {
  return useSyncExternalStore(subscribe, () => over);
}

/**
 * Takes what the session showed off the page, and leads to the login, which comes back to `place`. The login takes the
 * page's place in the history: going back from it would only lead to it again. Of several calls, as of several requests
 * that were refused at once, the first counts.
 */
export function leave(place?: string): void {
  if (over) {
    return;
  }
  over = true;
  for (const listener of listeners) {
    listener();
  }
  window.location.replace(place === undefined ? "/login" : `/login?next=${encodeURIComponent(place)}`);
}

/** What somebody who logs out has written and not sent, and what they searched for, is not for who comes next. */
export function forgetWritten(): void {
  forgetKept("session", "tickets.");
  forgetKept("local", "tickets.recent-searches.");
}

const CHANNEL = "tickets.session";

/** All tabs of a browser have one session. Tells the others that this tab's has just begun or ended. */
export function tellOtherTabs(): void {
  const channel = openChannel();
  channel?.postMessage("look");
  channel?.close();
}

/** Calls `look` whenever the session may have become another one; returns how to stop. */
export function whenItMayHaveChanged(look: () => void): () => void {
  const channel = openChannel();
  channel?.addEventListener("message", look);
  const shown = () => document.hidden || look();
  const back = ({ persisted }: PageTransitionEvent) => {
    if (persisted && over) {
      window.location.reload();
    } else if (persisted) {
      look();
    }
  };
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", back);
  document.addEventListener("visibilitychange", shown);
  return () => {
    channel?.close();
    window.removeEventListener("focus", look);
    window.removeEventListener("pageshow", back);
    document.removeEventListener("visibilitychange", shown);
  };
}

function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch {
    // Not where pages may keep nothing.
    return undefined;
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
