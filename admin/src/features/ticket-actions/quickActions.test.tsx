import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { describe, expect, it, vi } from "vitest";
import { ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { offers, owners, refusal, stale, terms, ticketNow, watchers } from "./handlers";
import { TicketQuickActions } from "./TicketQuickActions";

const ticket = ticketFixture();

const onMessage = vi.fn();

function draw(...handlers: Parameters<typeof server.use>) {
  server.use(...handlers, offers(), watchers(), owners, terms);
  return renderView(<TicketQuickActions ticket={ticket} layout="toolbar" onMessage={onMessage} />);
}

describe("the toolbar", () => {
  it("offers nothing that the API does not", async () => {
    draw(offers({ transitions: [], actions: ["TICKET_ACTION_WATCH"] }));
    expect(await screen.findByRole("button", { name: "Watch" })).toBeInTheDocument();
    for (const name of ["Assign", "Escalate", "Resolve", "Message", "Move to", "More actions"]) {
      expect(screen.queryByRole("button", { name: new RegExp(name) })).toBeNull();
    }
  });

  it("says when it is not known what may be done, and asks again", async () => {
    draw(
      http.get("*/admin/tickets/:id/actions", () => refusal(404, "TICKET_NOT_FOUND", "There is no such ticket."), {
        once: true,
      }),
    );
    expect(await screen.findByText("It is not known now what you may do here.")).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("button", { name: /Resolve/ })).toBeInTheDocument();
    expect(screen.queryByText("It is not known now what you may do here.")).toBeNull();
  });

  it("opens dialogs by keys", async () => {
    draw();
    await screen.findByRole("button", { name: /Resolve/ });
    await userEvent.keyboard("r");
    expect(await screen.findByRole("dialog")).toHaveTextContent("How it was solved");
  });

  it("leads to where one writes", async () => {
    draw();
    await userEvent.click(await screen.findByRole("button", { name: /Message/ }));
    expect(onMessage).toHaveBeenCalledOnce();
  });

  it("shows watching at once, and takes it back when it is refused", async () => {
    let answer: (() => void) | undefined;
    draw(
      http.post("*/admin/tickets/:id/watch", async () => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return refusal(503, "DEPENDENCY_UNAVAILABLE", "Try again.");
      }),
    );
    const button = await screen.findByRole("button", { name: "Watch" });
    await waitFor(() => expect(button).toBeEnabled());
    await userEvent.click(button);
    await waitFor(() => expect(button).toHaveAttribute("aria-pressed", "true"));
    await waitFor(() => expect(answer).toBeDefined());
    answer?.();
    await waitFor(() => expect(button).toHaveAttribute("aria-pressed", "false"));
  });
});

describe("a change", () => {
  it("carries the etag and a key, and after a conflict shows what changed and sends the new etag", async () => {
    const sent: { etag: string | null; key: string | null; body: unknown }[] = [];
    draw(
      http.post("*/admin/tickets/:id/transition", async ({ request }) => {
        const etag = request.headers.get("if-match");
        sent.push({ etag, key: request.headers.get("idempotency-key"), body: await request.json() });
        return etag === '"3"'
          ? stale()
          : HttpResponse.json({ ...ticket, status: "TICKET_STATUS_RESOLVED", etag: '"6"' });
      }),
      ticketNow(ticketFixture({ etag: '"5"', version: "5", ownerId: "mohammed.ops" })),
    );
    await userEvent.click(await screen.findByRole("button", { name: /Resolve/ }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.change(within(dialog).getByLabelText("How it was solved"), { target: { value: "Paid again." } });
    await userEvent.click(within(dialog).getByRole("button", { name: "Resolve" }));
    expect(await within(dialog).findByText(/has changed since you opened this/)).toBeInTheDocument();
    expect(within(dialog).getByRole("row", { name: /Owner priya.ops .* mohammed.ops/ })).toBeInTheDocument();
    await userEvent.click(within(dialog).getByRole("button", { name: "Resolve all the same" }));
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent.map(({ etag }) => etag)).toEqual(['"3"', '"5"']);
    expect(sent[0]?.key).not.toBe(sent[1]?.key);
    expect(sent[1]?.body).toEqual({ status: "TICKET_STATUS_RESOLVED", resolutionSummary: "Paid again." });
    expect(await screen.findByText("TKT-1001 is resolved.")).toBeInTheDocument();
  });

  it("puts a refusal beside the field it names", async () => {
    draw(
      http.post("*/admin/tickets/:id/escalate", () =>
        refusal(400, "REASON_REQUIRED", "reason: is too short", {
          fields: [{ field: "reason", description: "must say more than that" }],
        }),
      ),
    );
    await userEvent.click(await screen.findByRole("button", { name: /Escalate/ }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.change(within(dialog).getByLabelText("Reason"), { target: { value: "Waited for three days already" } });
    await userEvent.click(within(dialog).getByRole("button", { name: "Escalate" }));
    expect(await within(dialog).findByText("must say more than that")).toBeInTheDocument();
    expect(within(dialog).queryByRole("alert", { name: /too short/ })).toBeNull();
  });

  it("names the allowed states in plain words", async () => {
    draw(
      http.post("*/admin/tickets/:id/transition", () =>
        refusal(400, "TRANSITION_NOT_ALLOWED", "no", {
          metadata: { current_status: "NEW", allowed_statuses: "OPEN,ESCALATED" },
        }),
      ),
    );
    await userEvent.click(await screen.findByRole("button", { name: /Resolve/ }));
    const dialog = await screen.findByRole("dialog");
    fireEvent.change(within(dialog).getByLabelText("How it was solved"), { target: { value: "Paid again." } });
    await userEvent.click(within(dialog).getByRole("button", { name: "Resolve" }));
    expect(
      await within(dialog).findByText(/The ticket is New. From there it can be moved to Open or Escalated./),
    ).toBeInTheDocument();
  });
});
