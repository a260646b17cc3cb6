import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { useLocation } from "react-router";
import { describe, expect, it, vi } from "vitest";
import { policies, refusal, terms } from "@/features/ticket-actions/handlers";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { TicketCreateModal } from "./TicketCreateModal";

function Place() {
  return <output data-testid="place">{useLocation().pathname + useLocation().search}</output>;
}

function draw(caller = {}) {
  server.use(policies, terms);
  const onClose = vi.fn();
  renderView(
    <>
      <TicketCreateModal open onClose={onClose} />
      <Place />
    </>,
    { caller, at: "/admin/tickets?status=open&dialog=create" },
  );
  return onClose;
}

async function fillIn() {
  const change = (field: HTMLElement, value: string) => fireEvent.change(field, { target: { value } });
  change(await screen.findByLabelText(/^Title/), "Payment not received for BKG-123");
  change(screen.getByLabelText(/^Description/), "Nothing has reached the account.");
}

describe("making a ticket", () => {
  it("sends what was filled in once, opens the ticket over the same list, and forgets the draft", async () => {
    const sent: { key: string | null; body: unknown }[] = [];
    server.use(
      http.post("*/admin/tickets", async ({ request }) => {
        sent.push({ key: request.headers.get("idempotency-key"), body: await request.json() });
        return HttpResponse.json({ id: "TKT-2001", title: "Payment not received for BKG-123" });
      }),
    );
    const onClose = draw();
    await fillIn();
    await userEvent.click(screen.getByRole("button", { name: "Add a row" }));
    fireEvent.change(screen.getByLabelText("Row 1, name"), { target: { value: "source" } });
    fireEvent.change(screen.getByLabelText("Row 1, value"), { target: { value: "call" } });
    expect(sessionStorage.length).toBe(1);
    fireEvent.keyDown(screen.getByLabelText(/^Title/), { key: "Enter", ctrlKey: true });
    await waitFor(() => expect(onClose).toHaveBeenCalled());
    expect(sent).toEqual([
      {
        key: expect.stringMatching(/^[0-9a-f-]{36}$/),
        body: {
          title: "Payment not received for BKG-123",
          description: "Nothing has reached the account.",
          priority: "TICKET_PRIORITY_MEDIUM",
          metadata: { source: "call" },
        },
      },
    ]);
    await waitFor(() => expect(screen.getByTestId("place")).toHaveTextContent("/admin/tickets/TKT-2001?status=open"));
    expect(sessionStorage.length).toBe(0);
  });

  it("does not send files that are not accepted, and says so beside them", async () => {
    server.use(http.post("*/admin/tickets", () => HttpResponse.json({ id: "TKT-2001", title: "Payment" })));
    const onClose = draw({ limits: { attachmentMaxBytes: "10", attachmentTypes: ["text/plain"] } });
    await fillIn();
    expect(screen.getByText("text, up to 10 B each")).toBeInTheDocument();
    await userEvent.upload(screen.getByLabelText("Files"), [
      new File(["%PDF"], "slip.pdf", { type: "application/pdf" }),
      new File(["more than ten"], "long.txt", { type: "text/plain" }),
    ]);
    const refusals = await screen.findAllByRole("alert");
    expect(refusals.map(({ textContent }) => textContent)).toEqual([
      "Not attached: .pdf files are not accepted. Accepted are text, up to 10 B each.",
      "Not attached: The file has 13 B; at most 10 B can be attached.",
    ]);
    await userEvent.click(screen.getByRole("button", { name: "Create the ticket" }));
    // Nothing is left to upload, so the ticket opens at once.
    await waitFor(() => expect(onClose).toHaveBeenCalled());
  });

  it("shows refusals beside their fields, the link's beside the link", async () => {
    server.use(
      http.post("*/admin/tickets", () =>
        refusal(400, "INVALID_REQUEST", "two fields are wrong", {
          fields: [
            { field: "ticket.title", description: "must not hold control characters" },
            { field: "ticket.linked_id", description: "goes together with linked_type" },
          ],
        }),
      ),
    );
    draw();
    await fillIn();
    await userEvent.click(screen.getByRole("button", { name: "Create the ticket" }));
    expect(await screen.findByText("must not hold control characters")).toBeInTheDocument();
    expect(screen.getByText("goes together with the kind of thing")).toBeInTheDocument();
    expect(screen.queryByText("two fields are wrong")).toBeNull();
  });

  it("offers no queue and no policies to somebody outside", async () => {
    draw({ userId: "noa", role: "ROLE_SHIPPER", permissions: [] });
    expect(await screen.findByLabelText(/^Title/)).toBeInTheDocument();
    expect(screen.queryByText("Queue")).toBeNull();
    expect(screen.queryByText(/solve/)).toBeNull();
  });

  it("keeps no description of a sensitive ticket in the draft", async () => {
    draw();
    await fillIn();
    await userEvent.click(screen.getByRole("switch"));
    expect(sessionStorage.getItem("tickets.create-draft.asha")).not.toContain("Nothing has reached");
  });
});
