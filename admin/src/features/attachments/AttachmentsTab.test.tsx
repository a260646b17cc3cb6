import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { describe, expect, it } from "vitest";
import { AccessReason } from "@/api/accessReason";
import { offers } from "@/features/ticket-actions/handlers";
import { pictureAttachment, sensitivePicture } from "@/fixtures/attachments";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
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

describe("a picture that is sensitive", () => {
  const REASON = "The bank asks for the cheque of this booking";

  /** The reasons that its bytes were asked for with. */
  function answerLooks(): string[] {
    const reasons: string[] = [];
    const named = { ...sensitivePicture, fileName: "cheque.jpg", redacted: false };
    server.use(
      offers(),
      http.get("*/admin/tickets/:id/attachments", () => HttpResponse.json({ attachments: [sensitivePicture] })),
      http.post("*/admin/tickets/:id/attachments\\:view", () => HttpResponse.json({ attachments: [named] })),
      http.post("*/admin/attachments/:id/download", async ({ request }) => {
        reasons.push(((await request.json()) as { accessReason: string }).accessReason);
        return HttpResponse.json({ download: { method: "GET", url: "https://store.example/cheque" } });
      }),
      http.get("https://store.example/cheque", () =>
        HttpResponse.arrayBuffer(new ArrayBuffer(4), { headers: { "Content-Type": "image/jpeg" } }),
      ),
    );
    return reasons;
  }

  it("is fetched at each click and never before, with the reason that was given for the ticket", async () => {
    const reasons = answerLooks();
    renderView(
      <AccessReason value={REASON}>
        <AttachmentsTab ticket={sensitiveTicket} />
      </AccessReason>,
    );
    const show = await screen.findByRole("button", { name: "Show preview of cheque.jpg" });
    expect(reasons).toEqual([]);
    await userEvent.click(show);
    await screen.findByRole("img", { name: "cheque.jpg" });
    expect(reasons).toEqual([REASON]);
    await userEvent.click(screen.getByRole("button", { name: "Close" }));
    await userEvent.click(show);
    await waitFor(() => expect(reasons).toEqual([REASON, REASON]));
  });

  it("asks why first where no reason was given", async () => {
    const reasons = answerLooks();
    renderView(<AttachmentsTab ticket={sensitiveTicket} />);
    await userEvent.click(await screen.findByRole("button", { name: "Show preview of Name withheld" }));
    await userEvent.click(await screen.findByLabelText("Reason"));
    await userEvent.paste(REASON);
    expect(reasons).toEqual([]);
    await userEvent.click(screen.getByRole("button", { name: "Show preview" }));
    await screen.findByRole("img", { name: "Name withheld" });
    expect(reasons).toEqual([REASON]);
  });
});

it("shows the same picture that is not sensitive again without asking for it again", async () => {
  let asked = 0;
  server.use(
    offers(),
    http.get("*/admin/tickets/:id/attachments", () => HttpResponse.json({ attachments: [pictureAttachment] })),
    http.get("*/admin/attachments/:id/download", () => {
      asked += 1;
      return HttpResponse.json({ download: { method: "GET", url: "https://store.example/seal" } });
    }),
    http.get("https://store.example/seal", () => HttpResponse.arrayBuffer(new ArrayBuffer(4))),
  );
  renderView(<AttachmentsTab ticket={ticketFixture()} />);
  const show = await screen.findByRole("button", { name: "Show preview of seal-broken.jpg" });
  await userEvent.click(show);
  await screen.findByRole("img", { name: "seal-broken.jpg" });
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  await userEvent.click(show);
  await screen.findByRole("img", { name: "seal-broken.jpg" });
  expect(asked).toBe(1);
});
