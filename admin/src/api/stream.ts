import { EventSourceParserStream } from "eventsource-parser/stream";
import { noteAnswer, noteNoAnswer, noteSilence, SILENCE_MS } from "./connection";
import { ApiError } from "./errors";
import { noteRefusal, personHeaders } from "./person";

/** One event of a stream: its kind ("entry", "changed", …) and the message of the contract. */
export type StreamEvent<Message> = { kind: string; message: Message; id: string | undefined };

/** `live`: told of changes as they are made. `waiting`: the connection broke, and is tried again. */
export type StreamState = "connecting" | "live" | "waiting";

export type StreamRequest = {
  /** Path and query of a watch, or its `:watch` path where there is a body. */
  url: string;
  /** Sent as a POST, for what should not stand in a URL. */
  body?: unknown;
};

export type StreamOptions<Message> = {
  request: StreamRequest;
  onEvent(event: StreamEvent<Message>): void;
  onState?(state: StreamState): void;
  /**
   * The stream is over and is not tried again: the thing is out of sight, a filter is wrong, or nobody is logged in.
   * A cursor past its retention comes here too; begin anew.
   */
  onEnd?(error: ApiError): void;
};

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** Browsers keep six connections to an HTTP/1.1 host, all tabs together: tabs out of sight leave theirs to others. */
const HIDDEN_MS = 60_000;

/**
 * Follows a watch of the gateway until `signal` aborts: nothing missed and nothing twice through broken connections,
 * since each attempt goes on after the last event's id. EventSource would not do: it cannot POST, hides the status of a
 * refusal, and does not notice silence.
 */
export async function follow<Message>(options: StreamOptions<Message>, signal: AbortSignal): Promise<void> {
  const { request, onEvent, onState, onEnd } = options;
  let lastId: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    await untilVisible(signal);
    if (signal.aborted) {
      return;
    }
    onState?.(failures === 0 ? "connecting" : "waiting");
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop, { once: true });
    const hidden = whenHiddenFor(HIDDEN_MS, stop);
    try {
      for await (const event of read(request, lastId, attempt)) {
        if (signal.aborted) {
          return;
        }
        failures = 0;
        if (event.kind === "error") {
          throw new Ended();
        }
        onState?.("live");
        lastId = event.id ?? lastId;
        onEvent({ kind: event.kind, message: JSON.parse(event.data) as Message, id: event.id });
      }
    } catch (error) {
      if (error instanceof ApiError && !error.isTemporary && error.status < 500) {
        onEnd?.(error);
        return;
      }
    } finally {
      hidden();
      signal.removeEventListener("abort", stop);
      attempt.abort();
    }
    if (!signal.aborted) {
      onState?.("waiting");
      failures += 1;
      await pause(Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 6)), signal);
    }
  }
}

/** The server ended the stream with a status that lets it be tried again. */
class Ended extends Error {}

type RawEvent = { kind: string; data: string; id: string | undefined };

async function* read(
  { url, body }: StreamRequest,
  lastId: string | undefined,
  attempt: AbortController,
): AsyncGenerator<RawEvent> {
  const headers: Record<string, string> = { Accept: "text/event-stream", ...personHeaders() };
  if (lastId !== undefined) {
    headers["Last-Event-ID"] = lastId;
  }
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  const onSilence = () => {
    if (!attempt.signal.aborted) {
      noteSilence();
      attempt.abort();
    }
  };
  const unanswered = setTimeout(onSilence, SILENCE_MS);
  const response = await globalThis
    .fetch(url, {
      method: body === undefined ? "GET" : "POST",
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: attempt.signal,
      cache: "no-store",
    })
    .catch((error: unknown) => {
      if (!attempt.signal.aborted) {
        noteNoAnswer();
      }
      throw error;
    })
    .finally(() => clearTimeout(unanswered));
  noteAnswer();
  if (!response.ok || response.body === null) {
    const refusal = ApiError.of(await response.json().catch(() => null), response);
    noteRefusal(refusal);
    throw refusal;
  }
  const events = response.body
    .pipeThrough(watchdog(onSilence))
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
  try {
    for (;;) {
      const { done, value } = await events.read();
      if (done) {
        return;
      }
      yield { kind: value.event ?? "message", data: value.data, id: value.id };
    }
  } finally {
    await events.cancel().catch(() => undefined);
  }
}

/** Passes bytes on, and calls `onSilence` when none have come for SILENCE_MS. */
function watchdog(onSilence: () => void): TransformStream<Uint8Array, Uint8Array> {
  let timer = setTimeout(onSilence, SILENCE_MS);
  return new TransformStream({
    transform(chunk, controller) {
      clearTimeout(timer);
      timer = setTimeout(onSilence, SILENCE_MS);
      controller.enqueue(chunk);
    },
    flush() {
      clearTimeout(timer);
    },
  });
}

function untilVisible(signal: AbortSignal): Promise<void> {
  if (!document.hidden) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const check = () => {
      if (!document.hidden || signal.aborted) {
        document.removeEventListener("visibilitychange", check);
        signal.removeEventListener("abort", check);
        resolve();
      }
    };
    document.addEventListener("visibilitychange", check);
    signal.addEventListener("abort", check);
  });
}

function whenHiddenFor(milliseconds: number, then: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(then, milliseconds);
    }
  };
  check();
  document.addEventListener("visibilitychange", check);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", check);
  };
}

/** Ends sooner when the network is back. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds * (0.75 + Math.random() / 2));
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
