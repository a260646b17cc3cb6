import { configure, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { beforeEach, expect, it, vi } from "vitest";
import type { TimelineEntry } from "@/api/schemas";
import { sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { messageEntry, timelineFixture, withheld } from "@/fixtures/timeline";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { openStream } from "./openStream";
import { panelAnswers } from "./storyAnswers";
import { TicketDetailPanel } from "./TicketDetailPanel";

vi.mock("@/features/ticket-actions/TicketQuickActions", () => ({
  TicketQuickActions: ({ onMessage }: { onMessage(): void }) => (
    <button type="button" onClick={onMessage}>
      Message
    </button>
  ),
}));
vi.mock("@/features/attachments/AttachmentChip", () => ({ AttachmentChip: () => null }));

// The whole panel is drawn, on machines that do other things too.
configure({ asyncUtilTimeout: 8_000 });
vi.setConfig({ testTimeout: 30_000 });

const REASON = "The RTO asks for the number of the licence";

beforeEach(() => sessionStorage.clear());

async function paste(field: HTMLElement, text: string) {
  await userEvent.click(field);
  await userEvent.paste(text);
}

function show(given: Parameters<typeof panelAnswers>[0], more: Parameters<typeof server.use> = [], tab = "timeline") {
  server.use(...more, ...Object.values(panelAnswers(given)));
  return renderView(<TicketDetailPanel ticketId={given.ticket.id ?? ""} onClose={() => undefined} />, {
    at: `/admin/tickets/${given.ticket.id}?tab=${tab}`,
  });
}

it("shows one's message at once, and once when the stream and the answer tell of it", async () => {
  const stream = openStream();
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const mine = messageEntry(10, { actorId: "asha", message: "On its way" });
  show({ ticket: ticketFixture() }, [
    stream.handler,
    http.post("*/admin/tickets/:id/messages", async () => {
      await answered;
      return HttpResponse.json(mine.message);
    }),
  ]);
  const field = await screen.findByLabelText("Message to all who see the ticket");
  await screen.findByText("Any news?");
  await waitFor(() => expect(stream.requests).toHaveLength(1));
  await paste(field, "On its way");
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await screen.findByText("Sending…");
  expect(field).toHaveValue("");
  stream.tell(mine);
  await screen.findByText("Live");
  expect(screen.getAllByText("On its way")).toHaveLength(1);
  answer();
  await waitFor(() => expect(screen.queryByText("Sending…")).not.toBeInTheDocument());
  expect(screen.getAllByText("On its way")).toHaveLength(1);
});

it("sends again with the same key what was not sent", async () => {
  const keys: (string | null)[] = [];
  show({ ticket: ticketFixture() }, [
    http.post("*/admin/tickets/:id/messages", ({ request }) => {
      keys.push(request.headers.get("Idempotency-Key"));
      return keys.length === 1
        ? HttpResponse.json({ message: "The database is away." }, { status: 503 })
        : HttpResponse.json(messageEntry(10, { actorId: "asha", message: "Once more" }).message);
    }),
  ]);
  await paste(await screen.findByLabelText("Message to all who see the ticket"), "Once more");
  await userEvent.click(await screen.findByRole("button", { name: /Send/ }));
  await screen.findByText("The database is away.");
  await userEvent.click(screen.getByRole("button", { name: "Send again" }));
  await waitFor(() => expect(screen.queryByText("Not sent")).not.toBeInTheDocument());
  expect(screen.getByText("Once more")).toBeInTheDocument();
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
});

it("reads the ticket again when the stream tells of a change, and not its protected data", async () => {
  const stream = openStream();
  let reads = 0;
  let views = 0;
  const revealed = { ...sensitiveTicket, redacted: false, description: "DL-1420110012345" };
  show(
    { ticket: sensitiveTicket },
    [
      stream.handler,
      http.get("*/admin/tickets/:id", () => {
        reads += 1;
        return HttpResponse.json({ ...sensitiveTicket, version: String(reads + 2) });
      }),
      http.post("*/admin/tickets/:id\\:view", async ({ request }) => {
        views += 1;
        expect(await request.json()).toEqual({ accessReason: REASON });
        return HttpResponse.json(revealed);
      }),
    ],
    "overview",
  );
  await userEvent.click(await screen.findByRole("button", { name: /View protected data/ }));
  await paste(await screen.findByLabelText(/Why you need it/), REASON);
  await userEvent.click(screen.getByRole("button", { name: "View" }));
  await screen.findByText("DL-1420110012345");
  await waitFor(() => expect(stream.requests.at(-1)).toEqual({ afterSeq: "0", accessReason: REASON }));
  stream.tell({ ...(timelineFixture[5] as TimelineEntry), seq: "10" });
  await screen.findByText(/has changed since you looked/);
  expect(reads).toBe(2);
  expect(views).toBe(1);
});

it("does not open a broken stream again with the reason by itself", async () => {
  const stream = openStream();
  show({ ticket: sensitiveTicket }, [stream.handler]);
  await userEvent.click((await screen.findAllByRole("button", { name: /View protected data/ }))[0] as HTMLElement);
  await paste(await screen.findByLabelText(/Why you need it/), REASON);
  await userEvent.click(screen.getByRole("button", { name: "View" }));
  await waitFor(() => expect(stream.requests.at(-1)).toEqual({ afterSeq: "0", accessReason: REASON }));
  stream.tell(timelineFixture[8] as TimelineEntry);
  await screen.findByText("Any news?");
  stream.close();
  await waitFor(() => expect(stream.requests.at(-1)).toBeNull());
  expect(stream.requests.filter(Boolean)).toHaveLength(1);
  for (const entry of withheld([messageEntry(10)])) {
    stream.tell(entry);
  }
  await screen.findByRole("button", { name: "View again" });
});

it("misses nothing when a stream breaks that is behind one's own message", async () => {
  const stream = openStream();
  const asked: (string | null)[] = [];
  show({ ticket: sensitiveTicket }, [
    http.get("*/admin/tickets/:id/timeline\\:watch", ({ request }) => {
      asked.push(new URL(request.url).searchParams.get("afterSeq"));
    }),
    stream.handler,
    http.post("*/admin/tickets/:id/messages", () =>
      HttpResponse.json(messageEntry(20, { actorId: "asha", message: "On its way" }).message),
    ),
  ]);
  await userEvent.click((await screen.findAllByRole("button", { name: /View protected data/ }))[0] as HTMLElement);
  await paste(await screen.findByLabelText(/Why you need it/), REASON);
  await userEvent.click(screen.getByRole("button", { name: "View" }));
  await waitFor(() => expect(stream.requests.at(-1)).toEqual({ afterSeq: "0", accessReason: REASON }));
  stream.tell(messageEntry(10, { message: "The last that was told" }));
  await screen.findByText("The last that was told");
  await paste(screen.getByLabelText("Message to all who see the ticket"), "On its way");
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(screen.queryByText("Sending…")).not.toBeInTheDocument());
  await screen.findByText("On its way");
  stream.close();
  await waitFor(() => expect(asked.at(-1)).toBe("10"));
});

it("covers the texts of the timeline again when they are hidden, and reads them withheld", async () => {
  const stream = openStream();
  show({ ticket: sensitiveTicket }, [stream.handler]);
  await userEvent.click((await screen.findAllByRole("button", { name: /View protected data/ }))[0] as HTMLElement);
  await paste(await screen.findByLabelText(/Why you need it/), REASON);
  await userEvent.click(screen.getByRole("button", { name: "View" }));
  await waitFor(() => expect(stream.requests.at(-1)).toEqual({ afterSeq: "0", accessReason: REASON }));
  stream.tell(timelineFixture[8] as TimelineEntry);
  await screen.findByText("Any news?");
  stream.tell({ ...messageEntry(10), seq: "10" });
  await userEvent.click(screen.getByRole("button", { name: /Hide protected data/ }));
  await waitFor(() => expect(screen.queryByText("Any news?")).not.toBeInTheDocument());
  await waitFor(() => expect(stream.requests.at(-1)).toBeNull());
  for (const entry of withheld([timelineFixture[8] as TimelineEntry, messageEntry(11)])) {
    stream.tell(entry);
  }
  await waitFor(() => expect(screen.getAllByText("The text is protected").length).toBeGreaterThan(1));
  expect(screen.queryByText("Any news?")).not.toBeInTheDocument();
});

it("clears what it showed when the ticket is out of sight", async () => {
  const { queryClient } = show({ ticket: ticketFixture() });
  await screen.findByText("Any news?");
  server.use(
    http.get("*/admin/tickets/:id", () => HttpResponse.json({ message: "There is no such ticket." }, { status: 404 })),
  );
  await queryClient.invalidateQueries({ queryKey: ["ticket"] });
  await screen.findByText("You can no longer see this ticket");
  expect(screen.queryByText("Any news?")).not.toBeInTheDocument();
  expect(screen.queryByText(/Payment not received/)).not.toBeInTheDocument();
});

it.each([
  [400, null],
  [404, "Look again"],
])("says of a number that is answered with %d that there is no such ticket", async (status, again) => {
  show({ ticket: ticketFixture({ id: "TKT-01001" }) }, [
    http.get("*/admin/tickets/:id", () => HttpResponse.json({ message: "It is wrong." }, { status })),
  ]);
  await screen.findByText("There is no such ticket");
  expect(screen.getByRole("button", { name: "Back to the list" })).toBeInTheDocument();
  expect(screen.queryByText(/cannot be shown now/)).not.toBeInTheDocument();
  expect(screen.queryByRole("button", { name: /again/ })?.textContent ?? null).toBe(again);
});

it("keeps what one has begun to write", async () => {
  const { unmount } = show({ ticket: ticketFixture() });
  await paste(await screen.findByLabelText("Message to all who see the ticket"), "Half of a");
  unmount();
  show({ ticket: ticketFixture() });
  expect(await screen.findByLabelText("Message to all who see the ticket")).toHaveValue("Half of a");
});

it("goes from any tab to where one writes, by one key", async () => {
  show({ ticket: ticketFixture() }, [openStream().handler], "overview");
  await screen.findByRole("tab", { name: "Timeline" });
  await userEvent.keyboard("m");
  const field = await screen.findByLabelText("Message to all who see the ticket");
  await waitFor(() => expect(field).toHaveFocus());
  await userEvent.click(screen.getByRole("tab", { name: "Overview" }));
  await userEvent.click(screen.getByRole("tab", { name: /^Timeline/ }));
  const drawnAnew = await screen.findByLabelText("Message to all who see the ticket");
  expect(drawnAnew).not.toHaveFocus();
  await userEvent.click(await screen.findByRole("button", { name: "Message" }));
  expect(drawnAnew).toHaveFocus();
});

it("keeps as a draft what was not sent since the session had ended", async () => {
  show({ ticket: ticketFixture() }, [
    http.post("*/admin/tickets/:id/messages", () => HttpResponse.json({ message: "No credentials" }, { status: 401 })),
  ]);
  const field = await screen.findByLabelText("Message to all who see the ticket");
  await paste(field, "On its way");
  await userEvent.keyboard("{Control>}{Enter}{/Control}");
  await waitFor(() => expect(field).toHaveValue("On its way"));
  expect(screen.queryByText("Not sent")).not.toBeInTheDocument();
  expect(Object.values(sessionStorage).join()).toContain("On its way");
});

it("shows the texts of a timeline that was read only after the reason had been given", async () => {
  const stream = openStream();
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  // Goes on to what the panel's answers say, once it may.
  show({ ticket: sensitiveTicket }, [
    stream.handler,
    http.get("*/admin/tickets/:id/timeline", async () => void (await answered)),
  ]);
  await userEvent.click((await screen.findAllByRole("button", { name: /View protected data/ }))[0] as HTMLElement);
  await paste(await screen.findByLabelText(/Why you need it/), REASON);
  await userEvent.click(screen.getByRole("button", { name: "View" }));
  await screen.findByRole("button", { name: /Hide protected data/ });
  answer();
  await waitFor(() => expect(stream.requests).toEqual([{ afterSeq: "0", accessReason: REASON }]));
  stream.tell(timelineFixture[8] as TimelineEntry);
  await screen.findByText("Any news?");
});
