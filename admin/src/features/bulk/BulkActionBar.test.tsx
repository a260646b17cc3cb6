import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Schemas } from "@/api/schemas";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { BulkActionBar } from "./BulkActionBar";

type Request = Schemas["BulkUpdateTicketsRequest"];

const REASON = "They were reported twice by a faulty import";
const FAILURE = { code: 9, reason: "ERROR_REASON_TICKET_CLOSED", message: "TKT-2 is closed." };

/** Two tickets, of which the second fails; the calls that came, with their keys. */
function answerBulk(runs: (() => Response)[] = []) {
  const calls: { body: Request; key: string | null }[] = [];
  server.use(
    http.post("*/admin/tickets/bulk", async ({ request }) => {
      const body = (await request.json()) as Request;
      calls.push({ body, key: request.headers.get("idempotency-key") });
      const special = body.validateOnly ? undefined : runs.shift();
      return (
        special?.() ??
        HttpResponse.json({
          results: body.ids?.map((ticketId) => (ticketId === "TKT-2" ? { ticketId, error: FAILURE } : { ticketId })),
        })
      );
    }),
  );
  return calls;
}

async function archiveUpToTheCheck(user: ReturnType<typeof userEvent.setup>) {
  await user.click(await screen.findByRole("button", { name: "More bulk changes" }));
  await user.click(await screen.findByText("Archive"));
  const dialog = await screen.findByRole("dialog");
  await user.click(within(dialog).getByLabelText("Reason"));
  await user.paste(REASON);
  await user.click(within(dialog).getByRole("button", { name: "Check what would happen" }));
  return dialog;
}

it("changes what the check let through, keeps the results when it is closed, and tries failures again", async () => {
  const user = userEvent.setup();
  const calls = answerBulk();
  const onSelect = vi.fn();
  renderView(<BulkActionBar selectedIds={["TKT-1", "TKT-2"]} filter={{}} onClear={vi.fn()} onSelect={onSelect} />);
  const dialog = await archiveUpToTheCheck(user);
  await within(dialog).findByText(/1 of 2 would be changed, 1 would fail and is left out/);
  expect(within(dialog).getByText(/The ticket is closed/)).toBeInTheDocument();
  await user.click(within(dialog).getByRole("button", { name: "Archive: 1 ticket" }));
  await within(dialog).findByText("1 of 2 tickets changed, 1 not.");
  await user.click(within(dialog).getByRole("button", { name: "Close" }));
  await screen.findByText("Last change: 1 changed, 1 not.");
  await user.click(screen.getByRole("button", { name: "Results" }));
  await user.click(await screen.findByRole("button", { name: "Try the 1 again" }));
  await user.click(await screen.findByRole("button", { name: "Select only these 1" }));
  expect(onSelect).toHaveBeenCalledWith(["TKT-2"]);
  expect(calls.map(({ body }) => [body.validateOnly, body.ids, body.archive])).toEqual([
    [true, ["TKT-1", "TKT-2"], true],
    [false, ["TKT-1"], true],
    [false, ["TKT-2"], true],
  ]);
  expect(new Set(calls.map(({ key }) => key)).size).toBe(3);
}, 20_000);

it("keeps what was entered for a check until it is discarded", async () => {
  const user = userEvent.setup();
  answerBulk();
  renderView(<BulkActionBar selectedIds={["TKT-1"]} filter={{}} onClear={vi.fn()} />);
  const dialog = await archiveUpToTheCheck(user);
  await within(dialog).findByText(/1 of 1 would be changed/);
  await user.click(within(dialog).getByRole("button", { name: "Close" }));
  await user.click(await screen.findByRole("button", { name: "Keep editing" }));
  await user.click(within(dialog).getByRole("button", { name: "Back" }));
  expect(await within(dialog).findByLabelText("Reason")).toHaveValue(REASON);
  await user.click(within(dialog).getByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("button", { name: "Discard" })).toBeInTheDocument();
}, 20_000);

it("says that more than 500 cannot be chosen at once", async () => {
  server.use(
    http.post("*/admin/tickets\\:list", () => HttpResponse.json({ totalSize: "10000", totalSizeCapped: true })),
  );
  renderView(<BulkActionBar selectedIds={["TKT-1"]} filter={{ tagsAny: ["kyc"] }} onClear={vi.fn()} />);
  await screen.findByText(/10,000\+ match the filter; a bulk change takes 500 at most/);
  expect(screen.queryByRole("button", { name: /Select all/ })).not.toBeInTheDocument();
});

it("is not there for who may not", async () => {
  renderView(<BulkActionBar selectedIds={["TKT-1"]} filter={{}} onClear={vi.fn()} />, {
    caller: { permissions: ["PERMISSION_STAFF"] },
  });
  await vi.waitFor(() => expect(screen.queryByText("1 selected")).not.toBeInTheDocument());
});
