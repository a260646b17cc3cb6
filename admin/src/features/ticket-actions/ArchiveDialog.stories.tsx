import type { Meta, StoryObj } from "@storybook/react-vite";
import { fn } from "storybook/test";
import { ticketFixture } from "@/fixtures/tickets";
import { ArchiveDialog } from "./ArchiveDialog";

const meta = {
  title: "Ticket actions/ArchiveDialog",
  component: ArchiveDialog,
  args: { ticket: ticketFixture(), open: true, onClose: fn() },
  parameters: { msw: { handlers: {} } },
} satisfies Meta<typeof ArchiveDialog>;

export default meta;
type Story = StoryObj<typeof meta>;

export const PutsAway: Story = {};

export const TakesOut: Story = { args: { ticket: ticketFixture({ archived: true }) } };
