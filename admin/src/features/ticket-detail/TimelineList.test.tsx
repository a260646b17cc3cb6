import { act, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import { ticketFixture } from "@/fixtures/tickets";
import { manyEntries, manyMessages, oneChangeBelow } from "@/fixtures/timeline";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { openStream } from "./openStream";
import { panelAnswers } from "./storyAnswers";
import { TicketDetailPanel } from "./TicketDetailPanel";

vi.mock("@/features/ticket-actions/TicketQuickActions", () => ({ TicketQuickActions: () => null }));

// The whole panel is drawn, on machines that do other things too.
configure({ asyncUtilTimeout: 20_000 });
vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => sessionStorage.clear());

/** The timeline of so many entries, with a stream that goes on after them, and how often pages were asked for. */
async function open(count: number, entries = manyEntries(5_000)) {
  const stream = openStream();
  const asked: string[] = [];
  server.use(
    stream.handler,
    http.get("*/admin/tickets/:id/timeline", ({ request }) => {
      asked.push(new URL(request.url).search);
    }),
    ...Object.values(panelAnswers({ ticket: ticketFixture(), entries: entries.slice(0, count) })),
  );
  renderView(<TicketDetailPanel ticketId="TKT-1001" onClose={() => undefined} />, {
    at: "/admin/tickets/TKT-1001?tab=timeline",
  });
  const list = await screen.findByRole("region", { name: "Timeline" });
  await waitFor(() => expect(stream.requests).toHaveLength(1));
  const told = { seq: count };
  return {
    asked,
    list,
    tell(to: number) {
      for (const entry of entries.slice(told.seq, to)) {
        stream.tell(entry);
      }
      told.seq = to;
    },
  };
}

const drawn = (list: HTMLElement) => list.querySelectorAll(".timeline-message, .timeline-change").length;
/** What is announced to readers of the screen has the same words. */
const IN_BUTTON = { selector: "button *" };
const older = () => screen.getByText("Load older entries");

/** As a browser would have it that shows a part of a long list. */
function scrolled(list: HTMLElement, top: number) {
  const rows = () => drawn(list) * 50;
  Object.defineProperty(list, "scrollHeight", { configurable: true, get: rows });
  Object.defineProperty(list, "clientHeight", { configurable: true, value: 500 });
  list.scrollTop = top;
  fireEvent.scroll(list);
}

it("opens with one request for the newest entries, and reads older ones when asked to", async () => {
  const { asked, list } = await open(250);
  expect(asked).toEqual(["?afterSeq=0&pageSize=100&orderBy=seq%20desc"]);
  expect(drawn(list)).toBe(100);
  await userEvent.click(older());
  await waitFor(() => expect(drawn(list)).toBe(200));
  expect(asked[1]).toContain("afterSeq=151&");
  await userEvent.click(older());
  await waitFor(() => expect(drawn(list)).toBe(250));
  expect(screen.queryByText("Load older entries")).not.toBeInTheDocument();
  expect(list).toHaveTextContent("Entry 1:");
});

it("lets the oldest go while the end is followed, and reads them again", async () => {
  const { list, tell } = await open(50);
  tell(450);
  await waitFor(() => expect(list).toHaveTextContent("Entry 449:"));
  expect(drawn(list)).toBe(300);
  expect(list).not.toHaveTextContent("Entry 149:");
  server.use(...Object.values(panelAnswers({ ticket: ticketFixture(), entries: manyEntries(450) })));
  await userEvent.click(older());
  await waitFor(() => expect(drawn(list)).toBe(400));
  expect(list).toHaveTextContent("Entry 149:");
  tell(460);
  await waitFor(() => expect(drawn(list)).toBe(410));
});

it("keeps what somebody reads further up, and draws what comes as far as they get", async () => {
  const { list, tell } = await open(50);
  scrolled(list, 0);
  tell(450);
  await screen.findByText("400 new entries", IN_BUTTON);
  expect(drawn(list)).toBe(150);
  expect(list.scrollTop).toBe(0);
  scrolled(list, 150 * 50 - 500);
  await screen.findByText("300 new entries", IN_BUTTON);
  expect(drawn(list)).toBe(250);
  expect(list.scrollTop).toBe(150 * 50 - 500);
  expect(list).toHaveTextContent("Entry 1:");
  act(() => screen.getByText("300 new entries", IN_BUTTON).click());
  await waitFor(() => expect(screen.queryByText(/new entries/, IN_BUTTON)).not.toBeInTheDocument());
  expect(drawn(list)).toBe(300);
  expect(list).toHaveTextContent("Entry 449:");
});

it("shows the one change below many messages by one request, and that there is none", async () => {
  const { asked, list } = await open(2_001, oneChangeBelow(2_000));
  await userEvent.click(screen.getByText("Changes"));
  await waitFor(() => expect(drawn(list)).toBe(1));
  expect(list).toHaveTextContent("handles all settlements");
  expect(asked.slice(1)).toEqual(["?afterSeq=1902&pageSize=100&orderBy=seq%20desc&kinds=TIMELINE_KIND_AUDIT_ENTRY"]);
  expect(screen.queryByText("Load older entries")).not.toBeInTheDocument();
  await userEvent.click(screen.getByText("All"));
  expect(drawn(list)).toBe(100);
});

it("shows what was chosen before anything was there", async () => {
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  server.use(
    // Goes on to the answers below.
    http.get("*/admin/tickets/:id/timeline", async () => void (await answered)),
    ...Object.values(panelAnswers({ ticket: ticketFixture(), entries: oneChangeBelow(250) })),
  );
  renderView(<TicketDetailPanel ticketId="TKT-1001" onClose={() => undefined} />, {
    at: "/admin/tickets/TKT-1001?tab=timeline",
  });
  await userEvent.click(await screen.findByText("Changes"));
  answer();
  const list = await screen.findByRole("region", { name: "Timeline" });
  await waitFor(() => expect(list).toHaveTextContent("handles all settlements"));
  expect(drawn(list)).toBe(1);
});

it("says that there are no changes once it was asked for them", async () => {
  const { list } = await open(250, manyMessages(250));
  await userEvent.click(screen.getByText("Changes"));
  await waitFor(() => expect(list).toHaveTextContent(/No changes$/));
});

it("shows the changes that come, while messages come too", async () => {
  const { list, tell } = await open(30);
  await userEvent.click(screen.getByText("Changes"));
  expect(drawn(list)).toBe(10);
  tell(90);
  await waitFor(() => expect(drawn(list)).toBe(30));
  await userEvent.click(screen.getByText("Messages"));
  expect(drawn(list)).toBe(60);
});

it("keeps a part of thousands that come while somebody stays further up, counts all, and goes to the newest", async () => {
  const { asked, list, tell } = await open(50);
  scrolled(list, 0);
  tell(4_950);
  await screen.findByText("4,900 new entries", IN_BUTTON);
  scrolled(list, 150 * 50 - 500);
  await screen.findByText("4,800 new entries", IN_BUTTON);
  act(() => screen.getByText("4,800 new entries", IN_BUTTON).click());
  await waitFor(() => expect(list).toHaveTextContent("Entry 4949:"));
  expect(drawn(list)).toBe(300);
  expect(list).not.toHaveTextContent("Entry 4649:");
  expect(screen.queryByText(/new entries/, IN_BUTTON)).not.toBeInTheDocument();
  tell(5_000);
  await waitFor(() => expect(list).toHaveTextContent("Entry 4999:"));
  expect(asked).toHaveLength(1);
});

it("reads what was let go from below, when asked to", async () => {
  const { asked, list, tell } = await open(50);
  scrolled(list, 0);
  tell(2_000);
  await screen.findByText("1,950 new entries", IN_BUTTON);
  server.use(...Object.values(panelAnswers({ ticket: ticketFixture(), entries: manyEntries(2_000) })));
  for (let rows = 150; screen.queryByText("Load newer entries") === null; rows += 100) {
    scrolled(list, rows * 50 - 500);
  }
  const before = drawn(list);
  await userEvent.click(screen.getByText("Load newer entries"));
  await waitFor(() => expect(drawn(list)).toBe(before + 100));
  const last = [...list.querySelectorAll(".timeline-message")].at(-1);
  expect(last).toHaveTextContent(`Entry ${before + 100 - ((before + 100) % 3 === 0 ? 1 : 0)}:`);
  expect(asked).toHaveLength(1);
});

it("keeps the place, and how much is new, over a look at a few changes", async () => {
  // The changes are far below: eleven, and then messages alone.
  const entries = [...manyEntries(33), ...manyMessages(560, 34)];
  const { asked, list, tell } = await open(450, entries);
  scrolled(list, 20 * 50);
  tell(500);
  await screen.findByText("50 new entries", IN_BUTTON);
  await userEvent.click(screen.getByText("Changes"));
  await waitFor(() => expect(drawn(list)).toBe(11));
  expect(screen.queryByText("50 new entries", IN_BUTTON)).not.toBeInTheDocument();
  fireEvent.scroll(list);
  tell(510);
  await userEvent.click(screen.getByText("Messages"));
  await screen.findByText("60 new entries", IN_BUTTON);
  await userEvent.click(screen.getByText("Changes"));
  await userEvent.click(screen.getByText("All"));
  await screen.findByText("60 new entries", IN_BUTTON);
  expect(list).toHaveTextContent("Message 351:");
  expect(asked).toHaveLength(2);
  await userEvent.click(screen.getByText("60 new entries", IN_BUTTON));
  expect(list).toHaveFocus();
  expect(screen.queryByText(/new entries/, IN_BUTTON)).not.toBeInTheDocument();
});

it("forgets the place of who scrolls to the end of the changes", async () => {
  const { list, tell } = await open(90);
  scrolled(list, 20 * 50);
  await userEvent.click(screen.getByText("Changes"));
  expect(drawn(list)).toBe(30);
  scrolled(list, 100);
  scrolled(list, 30 * 50 - 500);
  await userEvent.click(screen.getByText("All"));
  tell(100);
  await waitFor(() => expect(drawn(list)).toBe(100));
  expect(screen.queryByText(/new entries/, IN_BUTTON)).not.toBeInTheDocument();
});

it("turns to what is around the entry that was in view, and back to the newest", async () => {
  const { asked, list } = await open(3_000);
  await userEvent.click(screen.getByText("Changes"));
  await userEvent.click(older());
  await waitFor(() => expect(drawn(list)).toBe(134));
  scrolled(list, 0);
  list.getBoundingClientRect = () => new DOMRect(0, 0, 500, 500);
  for (const [index, row] of [...list.querySelectorAll(".timeline-change")].entries()) {
    row.getBoundingClientRect = () => new DOMRect(0, (index - 3) * 50, 500, 50);
  }
  scrolled(list, 150);
  await userEvent.click(screen.getByText("All"));
  await screen.findByText("To the newest entries", IN_BUTTON);
  const inView = 2_601 + 3 * 3;
  expect(asked.at(-1)).toBe(`?afterSeq=${inView + 51}&pageSize=100&orderBy=seq%20desc`);
  expect(drawn(list)).toBe(100);
  expect(list).toHaveTextContent(`Entry ${inView - 1}:`);
  await userEvent.click(screen.getByText("Changes"));
  expect(drawn(list)).toBeGreaterThan(100);
  await userEvent.click(screen.getByText("All"));
  act(() => screen.getByText("To the newest entries", IN_BUTTON).click());
  await waitFor(() => expect(list).toHaveTextContent("Entry 2999:"));
});

it("stays with the filter that was, and says so, where the turn to another one fails", async () => {
  const { list } = await open(3_000);
  await userEvent.click(screen.getByText("Changes"));
  await userEvent.click(older());
  await waitFor(() => expect(drawn(list)).toBe(134));
  scrolled(list, 0);
  list.getBoundingClientRect = () => new DOMRect(0, 0, 500, 500);
  for (const row of list.querySelectorAll(".timeline-change")) {
    row.getBoundingClientRect = () => new DOMRect(0, 0, 500, 50);
  }
  scrolled(list, 100);
  server.use(
    http.get("*/admin/tickets/:id/timeline", () =>
      HttpResponse.json({ code: 14, message: "The database is away." }, { status: 503 }),
    ),
  );
  await userEvent.click(screen.getByText("All"));
  await screen.findByText("What you asked for cannot be read now");
  expect(drawn(list)).toBe(134);
  expect(screen.getByRole("radio", { name: "Changes" })).toBeChecked();
});
