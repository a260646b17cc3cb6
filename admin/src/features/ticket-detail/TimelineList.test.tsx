import { act, configure, fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import { ticketFixture } from "@/fixtures/tickets";
import { manyEntries, manyMessages } from "@/fixtures/timeline";
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

it("says among how many entries there is no change, as long as older ones are not loaded", async () => {
  const { list } = await open(250, manyMessages(250));
  await userEvent.click(screen.getByText("Changes"));
  expect(list).toHaveTextContent("No changes among the newest 100 entries");
  await userEvent.click(older());
  await waitFor(() => expect(list).toHaveTextContent("No changes among the newest 200 entries"));
  await userEvent.click(older());
  await waitFor(() => expect(list).toHaveTextContent(/No changes$/));
});
