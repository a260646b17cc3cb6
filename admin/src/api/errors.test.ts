import { describe, expect, it } from "vitest";
import { ApiError, distribute, messageOf } from "./errors";

const BAD_REQUEST = {
  code: 3,
  message: "The request is not valid.",
  details: [
    {
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: "INVALID_REQUEST",
      domain: "tickets.rodistaa.com",
      metadata: { limit: "20" },
    },
    {
      "@type": "type.googleapis.com/google.rpc.BadRequest",
      fieldViolations: [
        { field: "ticket.title", description: "has 10 characters at least" },
        { field: "ticket.tags[1]", description: "is too long" },
        { field: "ticket.linked_id", description: "needs linked_type" },
        { field: "ticket.linked_id", description: "is too long" },
        { field: "request_id", description: "is no UUID" },
      ],
    },
  ],
};

function refusal(status: number, body: unknown, headers: Record<string, string> = {}): ApiError {
  return ApiError.of(body, new Response(null, { status, headers }));
}

describe("ApiError", () => {
  it("reads status, reason, metadata and request id", () => {
    const error = refusal(400, BAD_REQUEST, { "x-request-id": "abc" });
    expect(error).toMatchObject({
      status: 400,
      message: "The request is not valid.",
      reason: "INVALID_REQUEST",
      metadata: { limit: "20" },
      requestId: "abc",
      retryAfterSeconds: null,
      isTemporary: false,
      isConflict: false,
    });
  });

  it.each([null, "<html>", 7, {}, { details: [{}] }, { details: [null] }, { details: {}, message: { text: "no" } }])(
    "makes do with a body that is no Status: %j",
    (body) => {
      const error = refusal(502, body);
      expect(error.message).toBe("The service answered with status 502.");
      expect(error.isTemporary).toBe(true);
    },
  );

  it("knows a conflict by its status and by its reason", () => {
    expect(refusal(412, {}).isConflict).toBe(true);
    const aborted = { details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "ETAG_MISMATCH" }] };
    expect(refusal(409, aborted).isConflict).toBe(true);
    expect(refusal(409, {}).isConflict).toBe(false);
  });

  it("knows what is there already, which is no conflict of versions", () => {
    const exists = { details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "MEMBER_EXISTS" }] };
    expect(refusal(412, exists)).toMatchObject({ isTaken: true, isConflict: false });
    expect(refusal(412, {})).toMatchObject({ isTaken: false, isConflict: true });
  });

  it("says how long to wait", () => {
    expect(refusal(429, {}, { "retry-after": "3" }).retryAfterSeconds).toBe(3);
  });
});

describe("distribute", () => {
  it("puts each violation beside its field, and the rest above the form", () => {
    const { fieldErrors, rest } = distribute(refusal(400, BAD_REQUEST), ["title", "tags", "linkedId"], "ticket");
    expect(fieldErrors).toEqual([
      { name: ["title"], errors: ["has 10 characters at least"] },
      { name: ["tags"], errors: ["is too long"] },
      { name: ["linkedId"], errors: ["needs the kind of thing", "is too long"] },
    ]);
    expect(rest).toEqual(["Request id: is no UUID."]);
  });

  it("tells above the form what names no field", () => {
    expect(distribute(refusal(403, { message: "Assigning takes ops_manager." }), ["title"])).toEqual({
      fieldErrors: [],
      rest: ["Assigning takes ops manager."],
    });
    expect(distribute(new Error("broken"), []).rest).toEqual(["broken"]);
  });
});

it("has words for what is no error", () => {
  expect(messageOf("oops")).toBe("Something went wrong.");
});
