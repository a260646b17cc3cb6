import { describe, expect, it } from "vitest";
import type { Ticket } from "@/api/schemas";
import { firstResponseStateAt, percentLeftAt, type SlaState, slaClockOf, slaStateAt } from "./slaClock";
import { firstResponseWords, percentOf, slaWords, waitOf } from "./slaWords";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CREATED = Date.parse("2026-11-23T06:00:00Z");

/** A window, as a policy and its calendar make it: `near` is not in an answer. */
type Window = { created: number; near: number; due: number };

const ALWAYS_OPEN: Window = { created: CREATED, near: CREATED + 8 * HOUR, due: CREATED + 10 * HOUR };
/** A night lies within the last fifth. */
const NIGHT_AT_THE_END: Window = { created: CREATED, near: CREATED + 8 * HOUR, due: CREATED + 24 * HOUR };
/** A weekend lies before the last fifth. */
const NIGHT_BEFORE: Window = { created: CREATED, near: CREATED + 60 * HOUR, due: CREATED + 62 * HOUR };

/** What the server computes, server/domain/ticket_clock.py `percent_left_of`. */
function percentLeft({ created, near, due }: Window, at: number): number {
  if (at >= due) {
    return 0;
  }
  const lastFifth = due - near;
  if (at >= near) {
    return (20 * (due - at)) / lastFifth;
  }
  const start = Math.max(created, near - 4 * lastFifth);
  return Math.min(100, 20 + (80 * (near - at)) / (near - start));
}

function answer(window: Window, at: number, more: Partial<Ticket> = {}): Ticket {
  const iso = (instant: number) => new Date(instant).toISOString();
  return {
    id: "TKT-1001",
    status: "TICKET_STATUS_OPEN",
    createdAt: iso(window.created),
    slaDueAt: iso(window.due),
    slaPercentLeft: percentLeft(window, at),
    slaStatus:
      at >= window.due ? "SLA_STATUS_BREACHED" : at >= window.near ? "SLA_STATUS_NEAR_BREACH" : "SLA_STATUS_ON_TRACK",
    ...more,
  };
}

function read(window: Window, at: number, more: Partial<Ticket> = {}) {
  return slaClockOf(answer(window, at, more), at);
}

describe.each([
  ["round the clock", ALWAYS_OPEN],
  ["with hours closed in the last fifth", NIGHT_AT_THE_END],
  ["with hours closed before the last fifth", NIGHT_BEFORE],
])("a clock that runs %s", (_, window) => {
  const { created, near, due } = window;
  const length = due - created;

  it.each([0.1, 0.3, 0.5, 0.7])("turns at the instants of the server, read after %d of the time", (share) => {
    const readAt = created + share * length;
    const clock = read(window, readAt);
    const told = (at: number): SlaState => slaStateAt(clock, at);
    if (readAt < near && percentLeft(window, readAt) < 100) {
      expect(told(near - 1000)).toBe("onTrack");
      expect(told(near + 1000)).toBe("nearBreach");
    }
    expect(told(due - 1)).toBe(percentLeft(window, readAt) < 100 ? "nearBreach" : "onTrack");
    expect(told(due)).toBe("breached");
  });

  it.each([0.2, 0.5, 0.9])("tells the share that the server would tell, read after %d of the time", (share) => {
    const readAt = created + share * length;
    if (percentLeft(window, readAt) >= 100) {
      return;
    }
    const clock = read(window, readAt);
    for (const later of [0.91, 0.95, 0.99, 1, 1.2]) {
      const at = created + later * length;
      expect(percentLeftAt(clock, at)).toBeCloseTo(percentLeft(window, at), 6);
    }
  });
});

describe("what an answer does not tell", () => {
  it("is not made up: at 100 % the near breach to come is unknown", () => {
    const clock = read(NIGHT_BEFORE, CREATED + HOUR);
    expect(slaStateAt(clock, NIGHT_BEFORE.near + MINUTE)).toBe("onTrack");
    expect(slaStateAt(clock, NIGHT_BEFORE.due)).toBe("breached");
  });

  it("an answer of the first moments tells nothing where hours close at the end", () => {
    const clock = read(NIGHT_AT_THE_END, CREATED + MINUTE);
    expect(clock.nearAt).toBeNull();
  });

  it("the server's word on near breach stands, whatever is derived", () => {
    const clock = read(ALWAYS_OPEN, ALWAYS_OPEN.near - MINUTE, { slaStatus: "SLA_STATUS_NEAR_BREACH" });
    expect(slaStateAt(clock, ALWAYS_OPEN.near - MINUTE)).toBe("nearBreach");
  });

  it("a page's clock that is ten seconds off moves near breach by little", () => {
    const readAt = CREATED + 2 * HOUR;
    const clock = slaClockOf(answer(ALWAYS_OPEN, readAt), readAt + 10_000);
    expect(Math.abs((clock.nearAt ?? 0) - ALWAYS_OPEN.near)).toBeLessThan(10_000);
  });
});

describe("what the chip says", () => {
  const { near, due } = ALWAYS_OPEN;
  const at = CREATED + 4 * HOUR;
  const cases: [string, number, string][] = [
    ["long before", due - 3 * HOUR - 20 * MINUTE, "Due in 3 h 20 min"],
    ["a moment before near breach", near - 1000, "Due in 2 h"],
    ["at near breach", near, "Near breach 2 h"],
    ["twelve minutes before", due - 12 * MINUTE - 30_000, "Near breach 12 min"],
    ["exactly a minute before", due - MINUTE, "Near breach 1 min"],
    ["below a minute", due - 59_500, "Near breach 59 s"],
    ["the last second", due - 1, "Near breach 0 s"],
    ["at the deadline", due, "Breached 0 s ago"],
    ["a minute after", due + 119_000, "Breached 1 min ago"],
    ["long after", due + 2 * HOUR, "Breached 2 h ago"],
    ["days after", due + 51 * HOUR, "Breached 2 d 3 h ago"],
  ];
  it.each(cases)("%s", (_, now, words) => {
    expect(slaWords(read(ALWAYS_OPEN, at), now)).toBe(words);
  });

  it("in a row, one unit is enough where the second tells little", () => {
    const told = (now: number) => slaWords(read(NIGHT_BEFORE, CREATED + 52.5 * HOUR), now, { short: true });
    expect(told(NIGHT_BEFORE.due - 9.4 * HOUR)).toBe("9 h 24 min left");
    expect(told(NIGHT_BEFORE.due - 1.5 * HOUR)).toBe("1 h 30 min left");
    expect(told(NIGHT_BEFORE.due + 3 * HOUR + 20 * MINUTE)).toBe("Overdue 3 h");
    expect(told(NIGHT_BEFORE.due + 51 * HOUR)).toBe("Overdue 2 d");
    const far = (now: number) => slaWords(read(NIGHT_AT_THE_END, CREATED + 4 * HOUR), now, { short: true });
    expect(far(CREATED + 4 * HOUR + 10 * MINUTE)).toBe("19 h left");
    expect(far(CREATED - 6 * HOUR)).toBe("1 d 6 h left");
  });

  it("paused: stands still, whatever time passes", () => {
    const pausedAt = new Date(at).toISOString();
    const clock = slaClockOf(answer(ALWAYS_OPEN, at, { slaPausedAt: pausedAt }), at + HOUR);
    expect(slaWords(clock, due + HOUR)).toBe("Paused");
    expect(percentLeftAt(clock, due + HOUR)).toBeCloseTo(60, 6);
  });

  it("paused within the last fifth, and after the deadline", () => {
    const inFifth = near + MINUTE;
    const nearly = slaClockOf(answer(ALWAYS_OPEN, inFifth, { slaPausedAt: new Date(inFifth).toISOString() }), inFifth);
    expect(slaWords(nearly, due + HOUR)).toBe("Paused near breach");
    const late = due + MINUTE;
    const breached = slaClockOf(answer(ALWAYS_OPEN, late, { slaPausedAt: new Date(late).toISOString() }), late);
    expect(slaWords(breached, due + HOUR)).toBe("Breached, paused");
  });

  it("ended, in time or not, and without a deadline", () => {
    const status = "TICKET_STATUS_RESOLVED" as const;
    expect(slaWords(read(ALWAYS_OPEN, at, { status }), due + HOUR)).toBe("Met");
    expect(slaWords(read(ALWAYS_OPEN, at, { status, slaBreached: true }), due + HOUR)).toBe("Missed");
    expect(slaWords(slaClockOf({ status: "TICKET_STATUS_OPEN" }, at), at)).toBe("No SLA");
  });
});

describe("the first response", () => {
  const responseDue = CREATED + HOUR;
  const more = { firstResponseDueAt: new Date(responseDue).toISOString() };

  it("falls due by itself, pause or not", () => {
    const at = CREATED + 30 * MINUTE;
    for (const pause of [{}, { slaPausedAt: new Date(at).toISOString() }]) {
      const clock = read(ALWAYS_OPEN, at, { ...more, ...pause });
      expect(firstResponseWords(clock, at)).toBe("First response due in 30 min");
      expect(firstResponseStateAt(clock, responseDue)).toBe("due");
      expect(firstResponseStateAt(clock, responseDue + 1)).toBe("overdue");
    }
  });

  it("was given, in time or late", () => {
    const respond = (instant: number, firstResponseBreached: boolean) =>
      read(ALWAYS_OPEN, CREATED + 3 * HOUR, {
        ...more,
        firstRespondedAt: new Date(instant).toISOString(),
        firstResponseBreached,
      });
    expect(firstResponseStateAt(respond(responseDue - MINUTE, false), CREATED + 3 * HOUR)).toBe("inTime");
    expect(firstResponseWords(respond(responseDue + 5 * MINUTE, true), CREATED + 3 * HOUR)).toBe(
      "First response late by 5 min",
    );
  });

  it("is not waited for once the ticket is solved", () => {
    const clock = read(ALWAYS_OPEN, CREATED + MINUTE, { ...more, status: "TICKET_STATUS_CLOSED" });
    expect(firstResponseStateAt(clock, responseDue + HOUR)).toBe("notNeeded");
  });
});

it("a wait is rounded down to whole minutes, and to seconds below one", () => {
  expect([0, 999, 59_999, 60_000, 119_999, HOUR - 1, 25 * HOUR + 59_000].map(waitOf)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "1 min",
    "59 min",
    "1 d 1 h",
  ]);
});

it("a share is 0 or 100 % only when it is", () => {
  expect([0, 0.01, 0.6, 50.4, 99.6, 99.999, 100].map(percentOf)).toEqual([0, 1, 1, 50, 99, 99, 100]);
});
