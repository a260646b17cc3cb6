import { configure, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import type { Ticket, TimelineEntry } from "@/api/schemas";
import { forgetWritten } from "@/app/session";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { messageEntry, timelineFixture } from "@/fixtures/timeline";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { openStream } from "./openStream";
import { panelAnswers } from "./storyAnswers";
import { TicketDetailPanel } from "./TicketDetailPanel";

vi.mock("@/features/ticket-actions/TicketQuickActions", () => ({ TicketQuickActions: () => null }));
vi.mock("@/features/attachments/AttachmentChip", () => ({ AttachmentChip: () => null }));

// The whole panel is drawn, on machines that do other things too.
configure({ asyncUtilTimeout: 8_000 });
vi.setConfig({ testTimeout: 30_000 });

const AWAY = () => HttpResponse.json({ message: "The database is away." }, { status: 503 });

beforeEach(() => sessionStorage.clear());

/** The panel in a page of its own, where the service takes messages as given. */
function open(
  messages: (request: Request) => Response | Promise<Response>,
  ticket: Ticket = ticketFixture(),
  user = "asha",
  entries: readonly TimelineEntry[] = timelineFixture,
) {
  server.use(
    openStream().handler,
    http.post("*/admin/tickets/:id/messages", ({ request }) => messages(request)),
    ...Object.values(panelAnswers({ ticket, entries })),
  );
  return renderView(<TicketDetailPanel ticketId={ticket.id ?? ""} onClose={() => undefined} />, {
    at: `/admin/tickets/${ticket.id}?tab=timeline`,
    caller: { userId: user },
  });
}

async function write(text: string) {
  await userEvent.click(await screen.findByLabelText("Message to all who see the ticket"));
  await userEvent.paste(text);
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
}

/** A message that was refused in a page that is no more. */
async function writtenBefore(text: string, ticket?: Ticket) {
  const page = open(AWAY, ticket);
  await write(text);
  await screen.findByText("The database is away.");
  page.unmount();
}

it("offers a message that was not sent again after the page was loaded anew, and sends it with its key", async () => {
  const sent: (string | null)[] = [];
  const take = async (request: Request) => {
    sent.push(request.headers.get("Idempotency-Key"), JSON.stringify(await request.json()));
    return sent.length === 2
      ? AWAY()
      : HttpResponse.json(messageEntry(10, { actorId: "asha", message: "Kept" }).message);
  };
  const before = open(take);
  await write("Kept");
  await screen.findByText("The database is away.");
  before.unmount();

  const after = open(take);
  await screen.findByText("The page was loaded anew before this was sent.");
  expect(within(screen.getByRole("tab", { name: /Timeline/ })).getByTitle("1 not sent")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Send again" }));
  await waitFor(() => expect(screen.queryByText("Not sent")).not.toBeInTheDocument());
  expect(screen.getByText("Kept")).toBeInTheDocument();
  expect(sent.slice(2)).toEqual(sent.slice(0, 2));
  expect(sessionStorage).toHaveLength(0);
  after.unmount();
});

it("offers one that was still on its way", async () => {
  const before = open(() => new Promise<Response>(() => undefined));
  await write("On its way");
  await screen.findByText("Sending…");
  before.unmount();
  open(AWAY);
  await screen.findByText("On its way");
  expect(screen.getByText("Not sent")).toBeInTheDocument();
});

it("shows it to its writer alone", async () => {
  await writtenBefore("Mine");
  open(AWAY, ticketFixture(), "farid");
  await screen.findByText("Any news?");
  expect(screen.queryByText("Mine")).not.toBeInTheDocument();
});

it("is a draft again when its writer edits it, and no more", async () => {
  await writtenBefore("To be changed");
  const after = open(AWAY);
  const unsent = await screen.findByRole("alert");
  await userEvent.click(within(unsent).getByRole("button", { name: "Edit" }));
  await waitFor(() => expect(screen.getByLabelText(/Message to all/)).toHaveValue("To be changed"));
  after.unmount();
  open(AWAY);
  await waitFor(async () => expect(await screen.findByLabelText(/Message to all/)).toHaveValue("To be changed"));
  expect(screen.queryByText("Not sent")).not.toBeInTheDocument();
});

it("is in no storage where the texts of messages are protected", async () => {
  await writtenBefore("Aadhaar 1234", sensitiveTicket);
  expect(sessionStorage).toHaveLength(0);
});

it("is not kept any more once its ticket is sensitive", async () => {
  await writtenBefore("Aadhaar 1234");
  expect(sessionStorage).toHaveLength(1);
  open(AWAY, { ...ticketFixture(), isSensitive: true });
  await screen.findByText("Aadhaar 1234");
  expect(sessionStorage).toHaveLength(0);
});

it("is forgotten at log-out, also where the answer of another one comes after it", async () => {
  await writtenBefore("First");
  let answer: (response: Response) => void = () => undefined;
  open(
    () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      }),
  );
  await screen.findByText("First");
  await write("Second");
  await screen.findByText("Sending…");
  forgetWritten();
  answer(HttpResponse.json(messageEntry(10, { actorId: "asha", message: "Second" }).message));
  await waitFor(() => expect(screen.queryByText("Sending…")).not.toBeInTheDocument());
  expect(sessionStorage).toHaveLength(0);
});

it("says of an old one that sending it again may have it there twice, and does not hide it where it is", async () => {
  await writtenBefore("It has arrived");
  const [name = "", kept = ""] = Object.entries<string>(sessionStorage)[0] ?? [];
  sessionStorage.setItem(name, kept.replace(/"writtenAt":\d+/, `"writtenAt":${Date.now() - 25 * 3_600_000}`));
  const there = messageEntry(10, { actorId: "asha", message: "It has arrived" });
  open(AWAY, ticketFixture(), "asha", [...timelineFixture, there]);
  await screen.findByText(/Look whether it is there before you send it again/);
  expect(screen.getAllByText("It has arrived")).toHaveLength(2);
});
