import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { Composer } from "./Composer";
import { panelAnswers } from "./storyAnswers";

const choose = async (files: File[]) => userEvent.upload(await screen.findByLabelText("Files to attach"), files);

it("refuses files that are not accepted, or are too many, before anything of them is sent", async () => {
  const ticket = ticketFixture();
  server.use(panelAnswers({ ticket }).actions);
  renderView(<Composer ticket={ticket} returned={undefined} onSend={() => undefined} />, {
    caller: { limits: { attachmentMaxBytes: "4", attachmentTypes: ["application/pdf"] } },
  });
  // A call that no handler answers, such as an announcement, would fail the test.
  await choose([
    new File(["MZ"], "run.exe", { type: "application/x-msdownload" }),
    new File(["%PDF-1.7"], "slip.pdf", { type: "application/pdf" }),
  ]);
  const told = async () => (await screen.findAllByRole("alert")).map(({ textContent }) => textContent);
  expect(await told()).toEqual([
    ".exe files are not accepted. Accepted are PDF, up to 4 B each.",
    "The file has 8 B; at most 4 B can be attached.",
  ]);
  await choose(Array.from({ length: 22 }, (_, index) => new File(["MZ"], `${index}.exe`)));
  expect(await told()).toContain("2 files are left out: a message takes 20 at most.");
});
