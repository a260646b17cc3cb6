import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import { ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { offers, refusal } from "./handlers";
import { TicketEditForm } from "./TicketEditForm";

const ticket = ticketFixture({ metadata: { amount: 48500, legs: [1, 2], paid: false } });

/** The form, and the requests that it sends. */
function open(answer: () => Response = () => HttpResponse.json(ticket)) {
  const sent: { mask: string | null; body: unknown }[] = [];
  const onDone = vi.fn();
  server.use(
    offers(),
    http.patch("*/admin/tickets/:id", async ({ request }) => {
      sent.push({ mask: new URL(request.url).searchParams.get("updateMask"), body: await request.json() });
      return answer();
    }),
  );
  renderView(<TicketEditForm ticket={ticket} onDone={onDone} />);
  return { sent, onDone };
}

const save = async () => userEvent.click(await screen.findByRole("button", { name: "Save" }));

it("sends metadata whose rows were changed, and none that were not", async () => {
  const { sent, onDone } = open();
  await save();
  await vi.waitFor(() => expect(onDone).toHaveBeenCalled());
  expect(sent).toEqual([]);
  fireEvent.change(screen.getByLabelText("Row 1, value"), { target: { value: "50000" } });
  await save();
  await vi.waitFor(() =>
    expect(sent).toEqual([{ mask: "metadata", body: { metadata: { amount: 50000, legs: [1, 2], paid: false } } }]),
  );
});

it("tells beside the metadata what the API has against it", async () => {
  open(() =>
    refusal(400, "INVALID_REQUEST", "ticket.metadata: at most 16384 bytes as JSON, has 16390", {
      fields: [{ field: "ticket.metadata", description: "at most 16384 bytes as JSON, has 16390" }],
    }),
  );
  fireEvent.change(await screen.findByLabelText("Row 1, value"), { target: { value: "50000" } });
  await save();
  expect(await screen.findByText("at most 16384 bytes as JSON, has 16390")).toBeInTheDocument();
});
