import { HttpResponse, http } from "msw";
import { afterEach, describe, expect, it, vi } from "vitest";
import { server } from "@/testing/server";
import { api, unwrap } from "./client";
import { ApiError } from "./errors";
import { personHeaders, showTo, whenRefusedAsAnother } from "./person";
import { follow } from "./stream";

const CHANGED = {
  code: 9,
  message: "This browser is now logged in as somebody else. Nothing was done.",
  details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "SESSION_CHANGED", domain: "x" }],
};

afterEach(() => showTo(undefined));

/** What a request to the path was sent with. */
function callers(path: string, answer: () => Response = () => HttpResponse.json({})): (string | null)[] {
  const seen: (string | null)[] = [];
  server.use(
    http.all(path, ({ request }) => {
      seen.push(request.headers.get("Tickets-Caller"));
      return answer();
    }),
  );
  return seen;
}

describe("requests name whom the page is shown to", () => {
  it("by any id there may be", () => {
    for (const id of ["auth0|5f%7c", "மீனா", "a,b;c d\n", "漢字 ✓"]) {
      showTo(id);
      const headers = new Headers(personHeaders());
      expect(decodeURIComponent(headers.get("Tickets-Caller") ?? "")).toBe(id);
      expect(headers.get("Tickets-Caller")).toMatch(/^[!-~]+$/);
    }
  });

  it("and do not before it is known, nor when they ask who it is", async () => {
    const tickets = callers("*/admin/tickets");
    const me = callers("*/admin/me");
    await unwrap(api.GET("/admin/tickets"));
    showTo("asha");
    await unwrap(api.GET("/admin/tickets"));
    await unwrap(api.GET("/admin/me"));
    expect(tickets).toEqual([null, "asha"]);
    expect(me).toEqual([null]);
  });

  it("streams too", async () => {
    showTo("asha");
    const seen = callers("*/admin/tickets:watch", () => HttpResponse.json(CHANGED, { status: 400 }));
    const ended = await new Promise<ApiError>((resolve) => {
      const url = new URL("/admin/tickets:watch", window.location.href).href;
      void follow({ request: { url }, onEvent: () => undefined, onEnd: resolve }, new AbortController().signal);
    });
    expect(ended.reason).toBe("SESSION_CHANGED");
    expect(seen).toEqual(["asha"]);
  });
});

it("a refusal for another person is told, any other is not", async () => {
  const look = vi.fn();
  const stop = whenRefusedAsAnother(look);
  callers("*/admin/tickets", () => HttpResponse.json({}, { status: 400 }));
  await expect(unwrap(api.GET("/admin/tickets"))).rejects.toThrow(ApiError);
  expect(look).not.toHaveBeenCalled();
  callers("*/admin/tickets", () => HttpResponse.json(CHANGED, { status: 400 }));
  await expect(unwrap(api.GET("/admin/tickets"))).rejects.toThrow("This browser is now logged in as somebody else");
  expect(look).toHaveBeenCalledOnce();
  stop();
  await expect(unwrap(api.GET("/admin/tickets"))).rejects.toThrow(ApiError);
  expect(look).toHaveBeenCalledOnce();
});
