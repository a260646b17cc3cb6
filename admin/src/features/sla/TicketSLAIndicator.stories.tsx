import type { Meta, StoryObj } from "@storybook/react-vite";
import type { Ticket } from "@/api/schemas";
import { FIXED_NOW, hoursFromNow, minutesFromNow } from "@/fixtures/now";
import {
  bareTicket,
  escalatedTicket,
  nearBreachTicket,
  newTicket,
  pausedTicket,
  resolvedTicket,
  ticketFixture,
} from "@/fixtures/tickets";
import { TicketSLAIndicator } from "./TicketSLAIndicator";

const meta = {
  component: TicketSLAIndicator,
  parameters: { now: FIXED_NOW },
  args: { variant: "chip", ticket: ticketFixture() },
} satisfies Meta<typeof TicketSLAIndicator>;

export default meta;
type Story = StoryObj<typeof meta>;

const KINDS: [name: string, ticket: Ticket][] = [
  ["On track", ticketFixture()],
  ["New, first response due", newTicket],
  ["Near breach", nearBreachTicket],
  ["Last seconds", { ...nearBreachTicket, slaDueAt: minutesFromNow(0.7), slaPercentLeft: 0.05 }],
  ["Breached, escalated, no answer yet", escalatedTicket],
  ["Breached for days", { ...escalatedTicket, slaDueAt: hoursFromNow(-51), slaEscalationLevel: 3 }],
  ["Paused", pausedTicket],
  ["Paused near breach", { ...pausedTicket, slaStatus: "SLA_STATUS_NEAR_BREACH", slaPercentLeft: 11 }],
  [
    "Paused after the deadline",
    { ...pausedTicket, slaStatus: "SLA_STATUS_BREACHED", slaDueAt: hoursFromNow(-4), slaPercentLeft: 0 },
  ],
  ["Met", resolvedTicket],
  ["Missed", { ...resolvedTicket, slaBreached: true, slaDueAt: hoursFromNow(-9), firstResponseBreached: true }],
  ["No SLA", bareTicket],
];

export const Chip: Story = {};

export const Bar: Story = { args: { variant: "bar" } };

/** All states as a row of a table shows them. */
export const Chips: Story = {
  render: () => (
    <table>
      <tbody>
        {KINDS.map(([name, ticket]) => (
          <tr key={name}>
            <th scope="row" style={{ textAlign: "start", fontWeight: 400, padding: "4px 24px 4px 0" }}>
              {name}
            </th>
            <td>
              <TicketSLAIndicator ticket={ticket} variant="chip" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  ),
};

/** All states as the panel shows them. */
export const Bars: Story = {
  render: () => (
    <div style={{ display: "grid", gap: 28, maxWidth: 560 }}>
      {KINDS.map(([name, ticket]) => (
        <section key={name} aria-label={name}>
          <TicketSLAIndicator ticket={ticket} variant="bar" />
        </section>
      ))}
    </div>
  ),
};
