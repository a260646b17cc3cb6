import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { longTicket, sensitiveTicket, ticketFixture } from "@/fixtures/tickets";
import { EditConflict } from "./EditConflict";
import { valuesOf } from "./editConflict";

const base = valuesOf(ticketFixture({ metadata: { source: "booking-service" } }));

const meta = {
  title: "Ticket actions/EditConflict",
  component: EditConflict,
  args: {
    open: true,
    base,
    mine: { ...base, title: "Payment of BKG-123 came back from the bank", tags: ["payment", "bank", "neft"] },
    theirs: ticketFixture({
      title: "Payment not received for BKG-123: wrong account",
      severity: "TICKET_SEVERITY_MAJOR",
      metadata: { source: "booking-service" },
    }),
    onSave: fn(),
    onBack: fn(),
  },
} satisfies Meta<typeof EditConflict>;

export default meta;
type Story = StoryObj<typeof meta>;

export const OneToChoose: Story = {};

export const Saving: Story = { args: { busy: true } };

export const NothingInCommon: Story = {
  args: { mine: base, theirs: ticketFixture({ metadata: { source: "booking-service" } }) },
};

export const LongTexts: Story = {
  args: {
    base: valuesOf(longTicket),
    mine: { ...valuesOf(longTicket), description: `${longTicket.description} And one more.` },
    theirs: { ...longTicket, description: "לא התקבל תשלום. The driver has told it anew. ".repeat(60) },
  },
};

/** What they have is withheld: it can be replaced or left. */
export const Withheld: Story = {
  args: {
    base: { ...valuesOf(sensitiveTicket), description: "The photo is of somebody else." },
    mine: { ...valuesOf(sensitiveTicket), description: "The photo is of the driver's brother." },
    theirs: sensitiveTicket,
  },
};
