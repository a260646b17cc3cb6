import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { FIXED_NOW, minutesFromNow } from "@/fixtures/now";
import { bareTicket, escalatedTicket, nearBreachTicket, pausedTicket, ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { TicketSLAIndicator } from "./TicketSLAIndicator";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
  vi.setSystemTime(FIXED_NOW);
});
afterEach(() => vi.useRealTimers());

function pass(milliseconds: number) {
  act(() => void vi.advanceTimersByTime(milliseconds));
}

it("goes from near breach to breach without another read", () => {
  const ticket = { ...nearBreachTicket, slaDueAt: minutesFromNow(3) };
  renderView(<TicketSLAIndicator ticket={ticket} variant="chip" />);
  expect(screen.getByText("3 min left")).toBeVisible();
  pass(150_000);
  expect(screen.getByText("30 s left")).toBeVisible();
  pass(1_000);
  expect(screen.getByText("29 s left")).toBeVisible();
  pass(29_000);
  expect(screen.getByText("Overdue 0 s")).toBeVisible();
  pass(5 * 60_000);
  expect(screen.getByText("Overdue 5 min")).toBeVisible();
});

it("comes near breach by itself", () => {
  // Ten hours, of which 21 % are left; a fifth is left six minutes later.
  const ticket = ticketFixture({
    createdAt: minutesFromNow(-474),
    slaDueAt: minutesFromNow(126),
    slaPercentLeft: 21,
  });
  renderView(<TicketSLAIndicator ticket={ticket} variant="chip" />);
  expect(screen.getByText("2 h 6 min left")).toBeVisible();
  pass(6 * 60_000);
  expect(screen.getByText("2 h left")).toBeVisible();
});

it("a bar tells the share, and stands still while paused", () => {
  renderView(<TicketSLAIndicator ticket={pausedTicket} variant="bar" />);
  const bar = screen.getByRole("progressbar", { name: "Time to resolution" });
  expect(bar).toHaveAttribute("aria-valuenow", "59");
  pass(3_600_000);
  expect(bar).toHaveAttribute("aria-valuetext", "59 % used. Paused");
});

it("an overdue first response stands beside the chip, and the level in the bar", () => {
  const { unmount } = renderView(<TicketSLAIndicator ticket={escalatedTicket} variant="chip" />);
  expect(screen.getByText("First response overdue")).toBeInTheDocument();
  unmount();
  renderView(<TicketSLAIndicator ticket={escalatedTicket} variant="bar" />);
  expect(screen.getByText("Escalation level 1")).toBeVisible();
  expect(screen.getByText("First response overdue by 5 h")).toBeVisible();
});

it("says when there is nothing to keep", () => {
  renderView(<TicketSLAIndicator ticket={bareTicket} variant="chip" />);
  expect(screen.getByText("No SLA")).toBeVisible();
});
