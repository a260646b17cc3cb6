import { configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { useState } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { TicketFilter } from "@/api/schemas";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { TicketFilters } from "./TicketFilters";

vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 });

const told = vi.fn<(filter: TicketFilter) => void>();

function Held({ initial }: { initial: TicketFilter }) {
  const [value, setValue] = useState(initial);
  return (
    <TicketFilters
      value={value}
      onChange={(filter) => {
        told(filter);
        setValue(filter);
      }}
    />
  );
}

const show = async (initial: TicketFilter = {}) => {
  renderView(<Held initial={initial} />);
  await screen.findByRole("group", { name: "Filters" });
};

beforeEach(() => {
  told.mockReset();
  server.use(http.get("*/admin/tickets\\:suggestTerms", () => HttpResponse.json({})));
});

describe("filters", () => {
  it("are told at each choice, in one order whatever was chosen first", async () => {
    const user = userEvent.setup();
    await show();
    await user.click(screen.getByRole("button", { name: /^Status/ }));
    const choices = within(await screen.findByRole("group", { name: "Status" }));
    await user.click(choices.getByRole("checkbox", { name: "Escalated" }));
    await user.click(choices.getByRole("checkbox", { name: "New" }));
    expect(told.mock.lastCall).toEqual([{ statuses: ["TICKET_STATUS_NEW", "TICKET_STATUS_ESCALATED"] }]);
  });

  it("never ask for tickets of mine that nobody owns", async () => {
    const user = userEvent.setup();
    await show();
    await user.click(screen.getByRole("button", { name: "Mine" }));
    expect(told.mock.lastCall).toEqual([{ ownerId: "asha" }]);
    await user.click(screen.getByRole("button", { name: "Unassigned" }));
    expect(told.mock.lastCall).toEqual([{ unassigned: true }]);
    await user.click(screen.getByRole("button", { name: "Unassigned" }));
    expect(told.mock.lastCall).toEqual([{}]);
  });

  it("can be taken off one by one, and all at once", async () => {
    const user = userEvent.setup();
    await show({ linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-1", tagsAny: ["kyc"], archived: true });
    expect(screen.getByText("Linked to: Booking BKG-1")).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Remove the filter linked to" }));
    expect(told.mock.lastCall).toEqual([{ tagsAny: ["kyc"], archived: true }]);
    await user.click(screen.getByRole("button", { name: "Clear all" }));
    expect(told.mock.lastCall).toEqual([{}]);
  });

  it("are all there behind More filters, filled with what holds; typing is told when it pauses", async () => {
    const user = userEvent.setup();
    await show({ linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-1" });
    await user.click(screen.getByRole("button", { name: /More filters$/ }));
    const id = await screen.findByRole("textbox", { name: "Its id" });
    await waitFor(() => expect(id).toHaveValue("BKG-1"));
    await user.type(screen.getByRole("textbox", { name: /^Words/ }), "late");
    await waitFor(() => expect(told).toHaveBeenCalled());
    expect(told.mock.calls).toEqual([[{ linkedType: "LINKED_TYPE_BOOKING", linkedId: "BKG-1", text: "late" }]]);
    await user.click(screen.getByRole("button", { name: "Overdue" }));
    expect(told.mock.lastCall?.[0].due?.end).toMatch(/Z$/);
  });
});
