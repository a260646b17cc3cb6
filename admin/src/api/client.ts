import createClient from "openapi-fetch";
import type { paths } from "#http";
import { noteTime } from "@/vocabulary/clock";
import { noteAnswer, noteNoAnswer, noteSilence, SILENCE_MS } from "./connection";
import { ApiError, Unreachable } from "./errors";
import { noteRefusal, personHeaders } from "./person";

/** Asked to learn who is logged in by now, whoever that is. */
const WHO = "/admin/me";

/** Every call of the contract, typed by its path and method. Use it inside `unwrap`. */
export const api = createClient<paths>({
  // Node, where tests run, takes no address without its host.
  baseUrl: globalThis.location.origin,
  // Looked up at each call, so that tests and stories may answer in its place.
  async fetch(request) {
    if (new URL(request.url).pathname !== WHO) {
      for (const [name, value] of Object.entries(personHeaders())) {
        request.headers.set(name, value);
      }
    }
    // It is said, and the call goes on: what was held up on its way may still be done.
    const overdue = setTimeout(noteSilence, SILENCE_MS);
    try {
      const response = await globalThis.fetch(request);
      noteAnswer();
      noteTime(response.headers.get("date"));
      return response;
    } catch (error) {
      if (!request.signal.aborted) {
        noteNoAnswer();
      }
      throw error;
    } finally {
      clearTimeout(overdue);
    }
  },
});

type Outcome<Data> = { data?: Data; error?: unknown; response: Response };

/** The answer of a call. Throws ApiError for a refusal, and Unreachable when there was no answer. */
export async function unwrap<Data>(call: Promise<Outcome<Data>>): Promise<NonNullable<Data>> {
  return (await unwrapWithEtag(call)).data;
}

/** As `unwrap`, with the answer's entity tag: what `If-Match` of a change takes. */
export async function unwrapWithEtag<Data>(
  call: Promise<Outcome<Data>>,
): Promise<{ data: NonNullable<Data>; etag: string | null }> {
  let outcome: Outcome<Data>;
  try {
    outcome = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") {
      throw cause;
    }
    throw new Unreachable({ cause });
  }
  const { data, error, response } = outcome;
  if (!response.ok) {
    const refusal = ApiError.of(error, response);
    noteRefusal(refusal);
    throw refusal;
  }
  return { data: (data ?? {}) as NonNullable<Data>, etag: response.headers.get("etag") };
}

/**
 * Headers of a change that happens once, however often it is sent. Make the key when the person decides (a form
 * opens, a button is pressed), and send it with every attempt at the same change.
 */
export function once(key: string): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}

/** Header of a PUT that makes something and replaces nothing: `isTaken` of its error tells that there is one already. */
export const onlyNew = { "If-None-Match": "*" } as const;

/** A new key for `once`. */
export function newKey(): string {
  return crypto.randomUUID();
}
