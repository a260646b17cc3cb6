import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Schemas } from "@/api/schemas";
import { statsFixture, trendFixture } from "@/fixtures/stats";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { DashboardPage } from "./DashboardPage";
import { trendOf } from "./stats";

// The page is large for jsdom.
const PATIENTLY = { timeout: 10_000 };
vi.setConfig({ testTimeout: 30_000 });

function answer(respond: (asked: Schemas["GetTicketStatsRequest"]) => Response) {
  const asked: Schemas["GetTicketStatsRequest"][] = [];
  server.use(
    http.post("*/admin/tickets\\:stats", async ({ request }) => {
      const body = (await request.json()) as Schemas["GetTicketStatsRequest"];
      asked.push(body);
      return respond(body);
    }),
  );
  return asked;
}

it("shows figures that lead to the list of what they count", async () => {
  const asked = answer(({ trendDays }) => HttpResponse.json(statsFixture(trendDays)));
  renderView(<DashboardPage />, { at: "/admin/dashboard?days=7" });
  const unassigned = await screen.findByText("52", {}, PATIENTLY);
  expect(unassigned.closest("a")).toHaveAttribute("href", expect.stringMatching(/^\/admin\/tickets\?.*assigned=/));
  expect(await screen.findByText("7.4%", {}, PATIENTLY)).toBeInTheDocument();
  expect(asked.find(({ trendDays }) => trendDays)?.trendDays).toBe(7);
  const open = asked.find(({ filter }) => filter?.statuses);
  expect(open?.filter?.statuses).not.toContain("TICKET_STATUS_CLOSED");
});

it("a chart is a table at the press of a button, each row a link", async () => {
  answer(({ trendDays }) => HttpResponse.json(statsFixture(trendDays)));
  renderView(<DashboardPage />, { at: "/admin/dashboard" });
  await screen.findByText("52", {}, PATIENTLY);
  await userEvent.click(screen.getByRole("button", { name: "Open by role as a table" }));
  const table = screen.getByRole("table");
  const row = within(table).getByRole("row", { name: /Finance\s*38/ });
  expect(within(row).getByRole("link")).toHaveAttribute("href", expect.stringContaining("/admin/tickets?"));
});

it("a refusal is told once, with a way to try again", async () => {
  answer(() => HttpResponse.json({ code: 7, message: "Not for you." }, { status: 403 }));
  renderView(<DashboardPage />, { at: "/admin/dashboard" });
  expect((await screen.findByText("Not for you.", {}, PATIENTLY)).closest("[role=alert]")).not.toBeNull();
  expect(screen.getByRole("button", { name: "Try again" })).toBeInTheDocument();
});

it("is for staff", async () => {
  renderView(<DashboardPage />, { caller: { permissions: [] } });
  expect(await screen.findByText("Figures about tickets are for staff.")).toBeInTheDocument();
});

it("the backlog is the running difference of what came and what was solved", () => {
  const days = trendOf({ trend: trendFixture(30) });
  expect(days).toHaveLength(30);
  const moved = days.reduce((sum, { created, resolved }) => sum + created - resolved, 0);
  expect(days.at(-1)?.backlog).toBe(moved);
});
