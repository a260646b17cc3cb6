import { afterEach, describe, expect, it, vi } from "vitest";
import { connection, noteAnswer, SILENCE_MS } from "./connection";
import type { ApiError } from "./errors";
import { follow, type StreamEvent, type StreamState } from "./stream";

type Answer = string | { status: number; body?: unknown };

/** Answers one connection after another; the last one stays open. Keeps the requests. */
function stubStreams(answers: Answer[]): { requests: { url: string; init: RequestInit }[] } {
  const requests: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    requests.push({ url, init });
    const answer = answers[requests.length - 1] ?? "";
    if (typeof answer !== "string") {
      return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status });
    }
    const isLast = requests.length >= answers.length;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(answer));
        if (isLast) {
          init.signal?.addEventListener("abort", () => controller.error(new DOMException("", "AbortError")));
        } else {
          controller.close();
        }
      },
    });
    return new Response(body, { status: 200 });
  });
  return { requests };
}

function event(kind: string, id: string | null, data: object): string {
  return `event: ${kind}\n${id === null ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

type Seen = { events: StreamEvent<{ n: number }>[]; states: StreamState[]; ends: ApiError[] };

/** Follows until `until` holds, then stops. */
async function followUntil(until: (seen: Seen) => boolean, body?: unknown): Promise<Seen> {
  const seen: Seen = { events: [], states: [], ends: [] };
  const controller = new AbortController();
  const done = follow<{ n: number }>(
    {
      request: body === undefined ? { url: "/watch" } : { url: "/watch", body },
      onEvent: (each) => seen.events.push(each),
      onState: (state) => seen.states.push(state),
      onEnd: (error) => seen.ends.push(error),
    },
    controller.signal,
  );
  await vi.waitFor(() => expect(until(seen)).toBe(true), { timeout: 10_000 });
  controller.abort();
  await done;
  return seen;
}

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  noteAnswer();
});

describe("follow", () => {
  it("goes on after the last id when a connection breaks", async () => {
    const { requests } = stubStreams([
      `: hello\n\n${event("changed", "a", { n: 1 })}${event("changed", "b", { n: 2 })}`,
      event("changed", "c", { n: 3 }),
    ]);
    const { events, states } = await followUntil(({ events }) => events.length === 3);
    expect(events.map(({ message }) => message.n)).toEqual([1, 2, 3]);
    expect(requests.map(({ init }) => new Headers(init.headers).get("Last-Event-ID"))).toEqual([null, "b"]);
    expect(states[0]).toBe("connecting");
    expect(states).toContain("waiting");
    expect(states.at(-1)).toBe("live");
  });

  it("keeps the id of an earlier event when the last one has none", async () => {
    const { requests } = stubStreams([
      event("changed", "a", { n: 1 }) + event("snapshot", null, { n: 2 }),
      event("changed", "b", { n: 3 }),
    ]);
    await followUntil(({ events }) => events.length === 3);
    expect(new Headers(requests[1]?.init.headers).get("Last-Event-ID")).toBe("a");
  });

  it("comes back after an error event, and passes no such event on", async () => {
    stubStreams([
      event("changed", "a", { n: 1 }) + event("error", null, { code: 14 }),
      event("changed", "b", { n: 2 }),
    ]);
    const { events } = await followUntil(({ events }) => events.length === 2);
    expect(events.map(({ kind }) => kind)).toEqual(["changed", "changed"]);
  });

  it("comes back while the service is away", async () => {
    stubStreams([{ status: 503 }, event("changed", "a", { n: 1 })]);
    const { ends } = await followUntil(({ events }) => events.length === 1);
    expect(ends).toEqual([]);
  });

  it.each([400, 401, 404])("ends for good at %i", async (status) => {
    const { requests } = stubStreams([{ status }]);
    const { ends } = await followUntil(({ ends }) => ends.length === 1);
    expect(ends[0]?.status).toBe(status);
    expect(requests).toHaveLength(1);
  });

  it("posts what should not stand in a URL", async () => {
    const { requests } = stubStreams([event("entry", "1", { n: 1 })]);
    await followUntil(({ events }) => events.length === 1, { accessReason: "because it is needed" });
    expect(requests[0]?.init.method).toBe("POST");
    expect(requests[0]?.init.body).toBe('{"accessReason":"because it is needed"}');
  });

  it.each([
    ["that is open", [": hello\n\n"]],
    ["whose head does not come", []],
  ])("tells when nothing comes on a stream %s, and tries again", async (_, answers) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const silent = stubStreams(answers);
    if (answers.length === 0) {
      vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
        silent.requests.push({ url, init });
        return new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
      });
    }
    const controller = new AbortController();
    const done = follow({ request: { url: "/watch" }, onEvent: () => undefined }, controller.signal);
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(connection()).toBe("online");
    await vi.advanceTimersByTimeAsync(1);
    expect(connection()).toBe("unreachable");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(silent.requests).toHaveLength(2);
    controller.abort();
    await done;
  });
});
