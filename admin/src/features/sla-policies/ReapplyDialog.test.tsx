import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Schemas } from "@/api/schemas";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { ReapplyDialog } from "./ReapplyDialog";

// A drawer full of fields takes jsdom a while.
vi.setConfig({ testTimeout: 30_000 });

const REASON = "Targets were relaxed by the board.";

function write(field: HTMLElement, value: string) {
  fireEvent.change(field, { target: { value } });
}

it("asks about every page first, then changes page by page, and names what is not changed", async () => {
  const pages = { first: ["TKT-1", "TKT-2"], second: ["TKT-3"] };
  const bulks: Schemas["BulkUpdateTicketsRequest"][] = [];
  const lists: Schemas["ListTicketsRequest"][] = [];
  server.use(
    http.post("*/admin/tickets\\:list", async ({ request }) => {
      const asked = (await request.json()) as Schemas["ListTicketsRequest"];
      lists.push(asked);
      const ids = asked.pageToken ? pages.second : pages.first;
      return HttpResponse.json({
        tickets: ids.map((id) => ({ id })),
        totalSize: "3",
        ...(!asked.pageToken && { nextPageToken: "more" }),
      });
    }),
    http.post("*/admin/tickets/bulk", async ({ request }) => {
      const asked = (await request.json()) as Schemas["BulkUpdateTicketsRequest"];
      bulks.push(asked);
      return HttpResponse.json({
        results: asked.ids?.map((ticketId) => ({
          ticketId,
          ...(ticketId === "TKT-2" && { error: { code: 9, message: "It is archived." } }),
        })),
      });
    }),
  );
  renderView(<ReapplyDialog priority="TICKET_PRIORITY_HIGH" onClose={vi.fn()} />);
  const check = await screen.findByRole("button", { name: "Check what would happen" });
  await userEvent.click(check);
  expect(await screen.findByText("Say why, in 20 characters or more.")).toBeInTheDocument();
  expect(lists).toEqual([]);

  write(screen.getByLabelText("Reason"), REASON);
  await userEvent.click(check);
  expect(await screen.findByText("2 can be changed, 1 not.")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "TKT-2" })).toBeInTheDocument();
  expect(bulks.map(({ ids, validateOnly }) => [ids, validateOnly])).toEqual([
    [pages.first, true],
    [pages.second, true],
  ]);

  await userEvent.click(screen.getByRole("button", { name: "Re-apply to 2" }));
  expect(await screen.findByText("2 changed, 1 not.")).toBeInTheDocument();
  expect(bulks.slice(2).every(({ validateOnly, reason }) => !validateOnly && reason === REASON)).toBe(true);
  expect(lists[0]?.filter?.priorities).toEqual(["TICKET_PRIORITY_HIGH"]);
  expect(lists[0]?.filter?.statuses).not.toContain("TICKET_STATUS_RESOLVED");
});

it("says that there is nothing to change, and what broke off", async () => {
  server.use(http.post("*/admin/tickets\\:list", () => HttpResponse.json({ totalSize: "0" })));
  renderView(<ReapplyDialog priority="TICKET_PRIORITY_LOW" onClose={vi.fn()} />);
  write(await screen.findByLabelText("Reason"), REASON);
  await userEvent.click(screen.getByRole("button", { name: "Check what would happen" }));
  expect(await screen.findByText("There are no open tickets of this priority.")).toBeInTheDocument();

  server.use(
    http.post("*/admin/tickets\\:list", () => HttpResponse.json({ code: 7, message: "Not yours." }, { status: 403 })),
  );
  await userEvent.click(screen.getByRole("button", { name: "Check what would happen" }));
  expect(await screen.findByText("Not yours.")).toBeInTheDocument();
});
