import { configure, fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { delay, HttpResponse, http } from "msw";
import { Route, Routes, useLocation } from "react-router";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Schemas } from "@/api/schemas";
import { minutesFromNow } from "@/fixtures/now";
import { escalatedTicket, manyTickets, newTicket, ticketFixtures } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { listAnswers, savedViewAnswers, searchAnswers } from "./listHandlers";
import { TicketsListPage } from "./TicketsListPage";

vi.mock("@/features/ticket-detail/TicketDetailPanel", () => ({
  TicketDetailPanel: ({ ticketId }: { ticketId: string }) => <p>Panel of {ticketId}</p>,
}));
vi.mock("@/features/bulk/BulkActionBar", () => ({
  BulkActionBar: ({ selectedIds }: { selectedIds: string[] }) => <p>Chosen: {selectedIds.join(" ")}</p>,
}));

// A whole page of rows, in a DOM that is not made for speed.
vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });

let asked: Schemas["ListTicketsRequest"][] = [];

beforeEach(() => {
  asked = [];
  server.use(
    http.all("*/admin/tickets\\:watch", async () => {
      await delay("infinite");
      return new HttpResponse();
    }),
    listAnswers(ticketFixtures, { totalSize: "11" }),
    savedViewAnswers,
    searchAnswers,
  );
  server.events.removeAllListeners();
  server.events.on("request:start", async ({ request }) => {
    if (request.url.endsWith("/admin/tickets:list")) {
      asked.push((await request.clone().json()) as Schemas["ListTicketsRequest"]);
    }
  });
});

/** A watch that a test tells events to, once somebody listens. */
function watchable(): Promise<(kind: string, message: Schemas["WatchTicketsResponse"]) => void> {
  return new Promise((resolve) => {
    server.use(
      http.post("*/admin/tickets\\:watch", () => {
        const encoder = new TextEncoder();
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            resolve((kind, message) =>
              controller.enqueue(
                encoder.encode(`event: ${kind}\nid: ${message.cursor}\ndata: ${JSON.stringify(message)}\n\n`),
              ),
            );
          },
        });
        return new HttpResponse(body, { headers: { "content-type": "text/event-stream" } });
      }),
    );
  });
}

function Address() {
  const { pathname, search } = useLocation();
  return <output>{decodeURIComponent(pathname + search)}</output>;
}

const show = (at = "/admin/tickets", caller = {}) =>
  renderView(
    <>
      <Address />
      <Routes>
        <Route path="/admin/tickets/:ticketId?" element={<TicketsListPage />} />
      </Routes>
    </>,
    { at, caller },
  );
const address = () => screen.getByText(/^\/admin\/tickets/).textContent;
const rowOf = (id: string) => screen.getByText(id).closest("[data-ticket-id]") as HTMLElement;

describe("the list of tickets", () => {
  it("asks for what the address says, and counts by itself where there is more than one page", async () => {
    server.use(listAnswers(manyTickets(60), { totalSize: "10000", totalSizeCapped: true }));
    show("/admin/tickets?status=new&owner=me&sort=-priority&size=25");
    expect(await screen.findByText("10,000+ tickets")).toBeVisible();
    expect(asked[0]).toEqual({
      filter: { statuses: ["TICKET_STATUS_NEW"], ownerId: "asha" },
      orderBy: "priority desc",
      pageSize: 25,
    });
    expect(asked.filter(({ includeTotal }) => includeTotal)).toHaveLength(1);
  });

  it("leafs forward by tokens and back by those it has seen", async () => {
    const tickets = manyTickets(60);
    server.use(listAnswers(tickets, { totalSize: "60" }));
    const user = userEvent.setup();
    show("/admin/tickets?size=25");
    await screen.findByText(tickets[0]?.id ?? "");
    expect(screen.getByRole("button", { name: "Page before" })).toBeDisabled();
    await user.click(screen.getByRole("button", { name: "Next page" }));
    await screen.findByText(tickets[25]?.id ?? "");
    await user.click(screen.getByRole("button", { name: "Page before" }));
    expect(await screen.findByText(tickets[0]?.id ?? "")).toBeVisible();
    expect(screen.getByText("Page 1", { exact: false })).toBeVisible();
  });

  it("puts a choice into the address and asks once", async () => {
    const user = userEvent.setup();
    show();
    await screen.findByText(newTicket.id ?? "");
    asked = [];
    await user.click(screen.getByRole("button", { name: "Unassigned" }));
    await waitFor(() => expect(address()).toBe("/admin/tickets?assigned=no"));
    await waitFor(() => expect(asked.map(({ filter }) => filter)).toEqual([{ unassigned: true }]));
  });

  it("orders by a heading, one direction and then the other", async () => {
    const user = userEvent.setup();
    show();
    await screen.findByText(newTicket.id ?? "");
    const heading = () => within(screen.getByRole("columnheader", { name: "SLA" })).getByRole("button");
    await user.click(heading());
    await waitFor(() => expect(address()).toBe("/admin/tickets?sort=due"));
    expect(screen.getByRole("columnheader", { name: "SLA" })).toHaveAttribute("aria-sort", "ascending");
    await user.click(heading());
    await waitFor(() => expect(address()).toBe("/admin/tickets?sort=-due"));
  });

  it("shows what a search found, and turns it into a filter when it is put into an order", async () => {
    const user = userEvent.setup();
    show("/admin/tickets?q=payment");
    expect(await screen.findByRole("heading", { name: "Results for “payment”" })).toBeVisible();
    expect((await screen.findAllByText("Payment", { selector: "mark" })).length).toBeGreaterThan(0);
    await user.click(screen.getByRole("button", { name: "Created" }));
    await waitFor(() => expect(address()).toBe("/admin/tickets?text=payment"));
  });

  it("opens a row, keeping what the list shows", async () => {
    const user = userEvent.setup();
    show("/admin/tickets?status=escalated");
    await user.click(await screen.findByText(escalatedTicket.id ?? ""));
    expect(await screen.findByText(`Panel of ${escalatedTicket.id}`)).toBeVisible();
    expect(address()).toBe(`/admin/tickets/${escalatedTicket.id}?status=escalated`);
  });

  it("moves by j and k, selects by x, opens by Enter", async () => {
    const user = userEvent.setup();
    show();
    await screen.findByText(newTicket.id ?? "");
    await user.keyboard("jjjk");
    const second = ticketFixtures[1]?.id ?? "";
    expect(rowOf(second)).toHaveClass("ticket-row-active");
    await user.keyboard("x");
    expect(await screen.findByText(`Chosen: ${second}`)).toBeVisible();
    await user.keyboard("{Enter}");
    expect(await screen.findByText(`Panel of ${second}`)).toBeVisible();
    await user.keyboard("j");
    expect(await screen.findByText(`Panel of ${ticketFixtures[2]?.id}`)).toBeVisible();
  });

  it("chooses a range with shift", async () => {
    const user = userEvent.setup();
    show();
    await screen.findByText(newTicket.id ?? "");
    const box = (index: number) =>
      within(rowOf(ticketFixtures[index]?.id ?? "")).getByRole("checkbox", { name: /^Select/ });
    await user.click(box(1));
    await user.keyboard("{Shift>}");
    await user.click(box(3));
    await user.keyboard("{/Shift}");
    const ids = ticketFixtures.slice(1, 4).map(({ id }) => id);
    expect(await screen.findByText(`Chosen: ${ids.join(" ")}`)).toBeVisible();
  });

  it("shows what a watch tells: rows change where they stand, new ones come on top, others are marked", async () => {
    const send = watchable();
    show();
    await screen.findByText(newTicket.id ?? "");
    const tell = await send;
    tell("progress", { progress: {}, cursor: "1" });
    expect(await screen.findByText("Live")).toBeVisible();
    tell("changed", { changed: { ticket: { ...newTicket, title: "Another title now", version: "2" } }, cursor: "2" });
    tell("left", { left: { ticketId: escalatedTicket.id }, cursor: "3" });
    const created = { ...newTicket, id: "TKT-9999", createdAt: minutesFromNow(1) };
    tell("changed", { changed: { ticket: created }, cursor: "4" });
    expect(await screen.findByText("Another title now")).toBeVisible();
    expect(rowOf(newTicket.id ?? "")).toHaveClass("ticket-row-changed");
    expect(within(rowOf(escalatedTicket.id ?? "")).getByText("No longer matches")).toBeVisible();
    expect(document.querySelector("[data-ticket-id]")).toHaveAttribute("data-ticket-id", "TKT-9999");
    expect(screen.getByText("2 tickets changed, 1 no longer matches")).toBeInTheDocument();
  });

  it("puts nothing that is told of one list into another", async () => {
    const first = watchable();
    show();
    await screen.findByText(newTicket.id ?? "");
    const tell = await first;
    // What happened between the rows and the stream is asked for once that has begun, and here answered late.
    let answer: () => void = () => undefined;
    const asksAgain = new Promise<void>((begun) => {
      server.use(
        http.post(
          "*/admin/tickets\\:list",
          async () => {
            begun();
            await new Promise<void>((resolve) => {
              answer = resolve;
            });
            const created = { ...newTicket, id: "TKT-9999", createdAt: minutesFromNow(1) };
            return HttpResponse.json({ tickets: [created] });
          },
          { once: true },
        ),
      );
    });
    tell("progress", { progress: {}, cursor: "1" });
    await asksAgain;
    const second = watchable();
    fireEvent.click(screen.getByRole("link", { name: "Unassigned" }));
    await waitFor(() => expect(address()).toContain("assigned=no"));
    const tellOther = await second;
    answer();
    tellOther("progress", { progress: {}, cursor: "1" });
    tellOther("changed", { changed: { ticket: { ...newTicket, title: "Another title", version: "2" } }, cursor: "2" });
    expect(await screen.findByText("Another title")).toBeVisible();
    expect(screen.queryByText("TKT-9999")).not.toBeInTheDocument();
  });

  it("begins anew with a cursor past its days", async () => {
    let streams = 0;
    server.use(
      http.post("*/admin/tickets\\:watch", async () => {
        streams += 1;
        if (streams > 1) {
          await delay("infinite");
        }
        return HttpResponse.json(
          {
            code: 11,
            message: "The cursor is too old.",
            details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "CURSOR_EXPIRED" }],
          },
          { status: 400 },
        );
      }),
    );
    show();
    await screen.findByText(newTicket.id ?? "");
    await waitFor(() => expect(streams).toBe(2));
    await waitFor(() => expect(asked.length).toBeGreaterThan(1));
  });

  it("asks by the clock where nothing can be watched", async () => {
    server.use(
      http.post("*/admin/tickets\\:watch", () =>
        HttpResponse.json({ code: 3, message: "This cannot be watched." }, { status: 400 }),
      ),
    );
    show();
    expect(await screen.findByText("Every 30 s")).toBeVisible();
  });

  it("offers no more than the role permits", async () => {
    show("/admin/tickets", { role: "ROLE_SHIPPER", permissions: [] });
    await screen.findByText(newTicket.id ?? "");
    expect(screen.queryByRole("checkbox")).toBeNull();
    expect(screen.queryByRole("button", { name: "Export" })).toBeNull();
    expect(screen.queryByRole("navigation", { name: "Views" })).toBeNull();
    expect(screen.queryByRole("button", { name: "My queue" })).toBeNull();
  });

  it("says what it means that a view that everybody has is empty, and offers to clear only what somebody chose", async () => {
    server.use(listAnswers([], { totalSize: "0" }));
    show("/admin/tickets?status=escalated&tag=kyc");
    expect(await screen.findByText("No ticket matches")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Clear search and filters" }));
    expect(await screen.findByText("There are no tickets that you can see yet")).toBeVisible();
    await userEvent.click(screen.getByRole("link", { name: "My open tickets" }));
    expect(await screen.findByText("Nothing is open for you")).toBeVisible();
    expect(screen.queryByRole("button", { name: "Clear search and filters" })).toBeNull();
  });

  it("says what in the address it does not know", async () => {
    show("/admin/tickets?status=opne");
    expect(await screen.findByText("status=opne")).toBeVisible();
  });

  it("says what went wrong, and tries again", async () => {
    const user = userEvent.setup();
    server.use(
      http.post(
        "*/admin/tickets\\:list",
        () =>
          HttpResponse.json({ code: 13, message: "It broke." }, { status: 500, headers: { "x-request-id": "r-1" } }),
        { once: true },
      ),
    );
    show();
    expect(await screen.findByText("It broke.")).toBeVisible();
    expect(screen.getByText("Request r-1")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText(newTicket.id ?? "")).toBeVisible();
  });
});
