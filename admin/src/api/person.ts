import type { ApiError } from "./errors";

/**
 * For whom this page was loaded. All tabs of a browser have one session: until a tab notices that it has become somebody
 * else's, what is done in it must not be done as them. So every request names the person, and the gateway refuses it
 * where the session is another's.
 */
let shownTo: string | undefined;
const listeners = new Set<() => void>();

/** From now on requests are this person's, or nobody's. */
export function showTo(userId: string | undefined): void {
  shownTo = userId;
}

/** What a request is sent with; empty before it is known who is logged in. Any id is a legal header once it is encoded. */
export function personHeaders(): Record<string, string> {
  return shownTo === undefined ? {} : { "Tickets-Caller": encodeURIComponent(shownTo) };
}

/** To be told of every refusal: one for another person leads to those who listen. */
export function noteRefusal(error: ApiError): void {
  if (error.reason === "SESSION_CHANGED") {
    for (const listener of listeners) {
      listener();
    }
  }
}

/** Calls `look` when a request was refused since the session is somebody else's; returns how to stop. */
export function whenRefusedAsAnother(look: () => void): () => void {
  listeners.add(look);
  return () => listeners.delete(look);
}
