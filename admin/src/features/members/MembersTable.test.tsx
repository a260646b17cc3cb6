import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import type { Member } from "@/api/schemas";
import { renderView } from "@/testing/render";
import { MembersTable } from "./MembersTable";

const RAVI: Member = {
  userId: "ravi",
  displayName: "Ravi Kumar",
  role: "ROLE_FRANCHISE_AGENT",
  franchiseIds: ["FR-001"],
  email: "ravi@example.com",
  phone: "",
  active: true,
  updatedAt: "2026-11-20T10:00:00Z",
};

afterEach(() => vi.restoreAllMocks());

function show() {
  const onEdit = vi.fn();
  const onSetActive = vi.fn();
  renderView(<MembersTable members={[RAVI]} loading={false} onEdit={onEdit} onSetActive={onSetActive} />);
  return { onEdit, onSetActive };
}

it("is a table where there is room for one", async () => {
  show();
  expect(await screen.findByRole("columnheader", { name: "Contact" })).toBeVisible();
});

it("is a list of cards on a phone, with all that a row tells and offers", async () => {
  const wide = window.matchMedia;
  vi.spyOn(window, "matchMedia").mockImplementation((query) => ({
    ...wide(query),
    matches: query.includes("max-width"),
  }));
  const { onEdit, onSetActive } = show();
  const card = within(await screen.findByRole("listitem"));
  expect(screen.queryByRole("table")).toBeNull();
  for (const told of ["ravi", "Active", "FR-001"]) {
    expect(card.getByText(told)).toBeVisible();
  }
  expect(card.getByText(/Franchise agent/)).toBeVisible();
  expect(card.getByRole("link", { name: "ravi@example.com" })).toHaveAttribute("href", "mailto:ravi%40example.com");
  await userEvent.click(card.getByRole("button", { name: "Ravi Kumar" }));
  expect(onEdit).toHaveBeenCalledWith(RAVI);
  await userEvent.click(card.getByRole("button", { name: "Deactivate Ravi Kumar" }));
  expect(onSetActive).toHaveBeenCalledWith(RAVI);
});
