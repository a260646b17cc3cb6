import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { expect, fn, screen, userEvent, waitFor } from "storybook/test";
import type { Ticket } from "@/api/schemas";
import {
  bareTicket,
  closedTicket,
  escalatedTicket,
  longTicket,
  pausedTicket,
  resolvedTicket,
  rightToLeftTicket,
  sensitiveTicket,
  ticketFixture,
} from "@/fixtures/tickets";
import { manyEntries, manyMessages, oneChangeBelow, timelineFixture } from "@/fixtures/timeline";
import { presentMs } from "@/vocabulary/clock";
import { OutgoingStore } from "./keptOutgoing";
import { panelAnswers } from "./storyAnswers";
import { TicketDetailPanel } from "./TicketDetailPanel";

const meta = {
  title: "Ticket detail/TicketDetailPanel",
  component: TicketDetailPanel,
  args: { ticketId: "TKT-1001", onClose: fn(), onPrevious: fn(), onNext: fn() },
  parameters: { layout: "fullscreen", msw: { handlers: panelAnswers({ ticket: ticketFixture() }) } },
} satisfies Meta<typeof TicketDetailPanel>;
export default meta;

type Story = StoryObj<typeof meta>;

function of(ticket: Ticket, tab = "overview", more: Partial<Parameters<typeof panelAnswers>[0]> = {}): Story {
  return {
    args: { ticketId: ticket.id ?? "" },
    parameters: {
      route: `/admin/tickets/${ticket.id}?tab=${tab}`,
      msw: { handlers: panelAnswers({ ticket, ...more }) },
    },
  };
}

const revealed = {
  ...sensitiveTicket,
  redacted: false,
  redactedFields: [],
  description: "The photo on DL-1420110012345 shows somebody else.\nThe driver says that it was exchanged at the RTO.",
  metadata: { licence: "DL-1420110012345", checks: [{ by: "rto", ok: false }], score: 0.42 },
};

async function reveal() {
  await userEvent.click((await screen.findAllByRole("button", { name: /View protected data/ }))[0] as HTMLElement);
  await userEvent.type(await screen.findByLabelText(/Why you need it/), "The RTO asks for the number of the licence");
  await userEvent.click(screen.getByRole("button", { name: "View" }));
}

export const Overview: Story = {
  ...of(
    ticketFixture({
      metadata: { source: "app", amount: { value: 48500, currency: "INR" }, attempts: [1, 2, 3], note: null },
    }),
  ),
};

export const Timeline: Story = of(ticketFixture(), "timeline");

export const Attachments: Story = of(ticketFixture(), "attachments");

export const Audit: Story = of(ticketFixture(), "audit");

export const Breached: Story = of(escalatedTicket);

export const Paused: Story = of(pausedTicket);

export const Resolved: Story = of(resolvedTicket);

export const Closed: Story = of(closedTicket, "timeline", { actions: ["TICKET_ACTION_ADD_MESSAGE"] });

export const Archived: Story = of(ticketFixture({ archived: true }), "timeline", {
  actions: ["TICKET_ACTION_VIEW_AUDIT"],
});

export const Bare: Story = of(bareTicket);

export const LongTexts: Story = of(longTicket);

export const LongTitleOpened: Story = {
  ...of(longTicket),
  async play() {
    await userEvent.click(await screen.findByRole("button", { name: "Show the whole title" }));
    await screen.findByRole("button", { name: "Show less of the title" });
  },
};

export const RightToLeftNames: Story = of(rightToLeftTicket, "timeline");

export const ThreeHundredEntries: Story = of(ticketFixture(), "timeline", { entries: manyEntries(300) });

export const NoChanges: Story = {
  ...of(ticketFixture(), "timeline", { entries: manyMessages(250) }),
  async play() {
    await userEvent.click(await screen.findByText("Changes"));
    await expect(await screen.findByText("No changes")).toBeVisible();
  },
};

/** The one change, below more messages than are loaded. */
export const OneChangeFarBelow: Story = {
  ...of(ticketFixture(), "timeline", { entries: oneChangeBelow(250) }),
  async play() {
    await userEvent.click(await screen.findByText("Changes"));
    await expect(await screen.findByText(/handles all settlements/)).toBeVisible();
    await waitFor(() => expect(screen.queryByText("Load older entries")).not.toBeInTheDocument());
  },
};

/** Who reads a change far up turns to all entries: what was said around it, and a way back to the newest. */
export const AroundAChange: Story = {
  ...of(ticketFixture(), "timeline", { entries: manyEntries(900) }),
  async play() {
    const list = await screen.findByRole("region", { name: "Timeline" });
    await userEvent.click(screen.getByText("Changes"));
    await userEvent.click(await screen.findByText("Load older entries"));
    await waitFor(() => expect(list.querySelectorAll(".timeline-change").length).toBeGreaterThan(100));
    list.scrollTop = 40;
    list.dispatchEvent(new Event("scroll"));
    await new Promise(requestAnimationFrame);
    await userEvent.click(screen.getByText("All"));
    await expect(await screen.findByText("To the newest entries")).toBeVisible();
    await waitFor(() => expect(list.querySelectorAll(".timeline-message").length).toBeGreaterThan(50));
    list.scrollTop = list.scrollHeight;
    await expect(await screen.findByText("Load newer entries")).toBeVisible();
  },
};

export const NothingSaid: Story = of(ticketFixture(), "timeline", { entries: [] });

export const SensitiveWithheld: Story = of(sensitiveTicket);

export const SensitiveTimelineWithheld: Story = of(sensitiveTicket, "timeline");

export const SensitiveRevealed: Story = {
  ...of(sensitiveTicket, "overview", { revealed }),
  async play() {
    await reveal();
    await expect(await screen.findByText(/shows somebody else/)).toBeVisible();
  },
};

export const SensitiveTimelineRevealed: Story = {
  ...of(sensitiveTicket, "timeline", { revealed }),
  async play() {
    await reveal();
    await expect(await screen.findByText(/We have asked the bank/)).toBeVisible();
  },
};

/** Somebody changed it after one had looked. */
export const SensitiveRevealedIsOld: Story = {
  ...of({ ...sensitiveTicket, version: "9" }, "overview", { revealed }),
  async play() {
    await reveal();
    await expect(await screen.findByText(/has changed since you looked/)).toBeVisible();
  },
};

export const AskingForTheReason: Story = {
  ...of(sensitiveTicket),
  async play() {
    await userEvent.click(await screen.findByRole("button", { name: /View protected data/ }));
    const field = await screen.findByLabelText(/Why you need it/);
    await waitFor(() => expect(field).toBeVisible());
  },
};

export const InternalNote: Story = {
  ...of(ticketFixture(), "timeline"),
  async play() {
    await userEvent.click(await screen.findByText("Internal note", { selector: ".composer *" }));
    await userEvent.type(
      await screen.findByLabelText("Internal note, for staff alone"),
      "Do not tell him before the bank confirms.",
    );
    await expect(screen.getByRole("button", { name: /Add note/ })).toBeEnabled();
  },
};

export const Sending: Story = {
  ...of(ticketFixture(), "timeline"),
  async play() {
    await userEvent.type(
      await screen.findByLabelText("Message to all who see the ticket"),
      "On its way{Control>}{Enter}",
    );
    await expect(await screen.findByText("Sending…")).toBeVisible();
  },
  parameters: {
    ...of(ticketFixture(), "timeline").parameters,
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        messages: http.post("*/admin/tickets/:id/messages", () => delay("infinite")),
      },
    },
  },
};

export const NotSent: Story = {
  async play() {
    await userEvent.type(
      await screen.findByLabelText("Message to all who see the ticket"),
      "The branch has merged.{Control>}{Enter}",
    );
    await expect(await screen.findByText("Not sent")).toBeVisible();
  },
  parameters: {
    route: "/admin/tickets/TKT-1001?tab=timeline",
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        messages: http.post("*/admin/tickets/:id/messages", () =>
          HttpResponse.json({ code: 14, message: "The database is away. Try again." }, { status: 503 }),
        ),
      },
    },
  },
};

/** Written before the page was loaded anew, and not known to be sent. */
export const NotSentBefore: Story = {
  ...of(ticketFixture(), "timeline"),
  beforeEach() {
    const store = new OutgoingStore("asha", "TKT-1001");
    const message = { text: "The branch has merged.", isInternalNote: true, attachments: [], afterSeq: 9 };
    store.add({ ...message, key: "old", writtenAt: 0 });
    store.add({ ...message, key: "new", writtenAt: presentMs() });
    return () => store.forgetAll();
  },
  async play() {
    await waitFor(() => expect(screen.getAllByText(/loaded anew before this was sent/)).toHaveLength(2));
    await expect(screen.getByText(/Look whether it is there/)).toBeVisible();
  },
};

export const Reconnecting: Story = {
  parameters: {
    route: "/admin/tickets/TKT-1001?tab=timeline",
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture(), entries: timelineFixture }),
        watch: http.all("*/admin/tickets/:id/timeline\\:watch", () => new HttpResponse(null, { status: 503 })),
      },
    },
  },
};

export const Loading: Story = {
  parameters: {
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        ticket: http.get("*/admin/tickets/:id", () => delay("infinite")),
      },
    },
  },
};

export const NotFound: Story = {
  parameters: {
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        ticket: http.get("*/admin/tickets/:id", () =>
          HttpResponse.json({ code: 5, message: "There is no ticket TKT-1001." }, { status: 404 }),
        ),
      },
    },
  },
};

/** An address with what no ticket can have as its number. */
export const NoNumber: Story = {
  args: { ticketId: "TKT-01001" },
  parameters: {
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        ticket: http.get("*/admin/tickets/:id", () =>
          HttpResponse.json({ code: 3, message: "ticket_id is wrong." }, { status: 400 }),
        ),
      },
    },
  },
};

/** Its stream ended since the ticket is out of sight. */
export const AccessLost: Story = {
  parameters: {
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        watch: http.all("*/admin/tickets/:id/timeline\\:watch", () =>
          HttpResponse.json({ code: 5, message: "There is no ticket TKT-1001." }, { status: 404 }),
        ),
      },
    },
  },
};

export const Failing: Story = {
  parameters: {
    msw: {
      handlers: {
        ...panelAnswers({ ticket: ticketFixture() }),
        ticket: http.get("*/admin/tickets/:id", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong on our side." }, { status: 500 }),
        ),
      },
    },
  },
};

export const AuditIntact: Story = {
  ...of(ticketFixture(), "audit"),
  async play() {
    await userEvent.click(await screen.findByRole("button", { name: /Verify/ }));
    await expect(await screen.findByText(/Intact: 6 entries/)).toBeVisible();
  },
};

export const AuditBroken: Story = {
  ...of(ticketFixture(), "audit", {
    verified: {
      intact: false,
      entriesChecked: "4",
      firstBadChainNo: "4",
      finding: "AUDIT_FINDING_EDITED",
      detail: "The content of row 4 does not match its hash.",
    },
  }),
  async play() {
    await userEvent.click(await screen.findByRole("button", { name: /Verify/ }));
    await expect(await screen.findByText(/A row was edited, at number 4/)).toBeVisible();
  },
};
