import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { offers } from "@/features/ticket-actions/handlers";
import { ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { AttachmentsTab } from "./AttachmentsTab";

it("says what this service accepts, and refuses the rest before anything is sent", async () => {
  server.use(
    offers(),
    http.get("*/admin/tickets/:id/attachments", () => HttpResponse.json({})),
  );
  renderView(<AttachmentsTab ticket={ticketFixture()} />, {
    caller: { limits: { attachmentMaxBytes: "2048", attachmentTypes: ["application/pdf", "image/png"] } },
  });
  expect(await screen.findByText("PDF and PNG, up to 2 KB each")).toBeInTheDocument();
  // A call that no handler answers would fail the test.
  await userEvent.upload(screen.getByLabelText("Files"), [
    new File(["a,b"], "rates.csv", { type: "text/csv" }),
    new File(["x".repeat(4096)], "large.pdf", { type: "application/pdf" }),
  ]);
  const refusals = await screen.findAllByRole("alert");
  expect(refusals.map(({ textContent }) => textContent)).toEqual([
    expect.stringContaining(".csv files are not accepted. Accepted are PDF and PNG, up to 2 KB each."),
    expect.stringContaining("The file has 4 KB; at most 2 KB can be attached."),
  ]);
  expect(screen.queryByRole("button", { name: /again/ })).toBeNull();
});
