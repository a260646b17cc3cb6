import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { type ReactNode, Suspense } from "react";
import { expect, it, vi } from "vitest";
import { calendarFixture, calendarFixtures, policyFixture } from "@/fixtures/sla";
import { ticketFixture } from "@/fixtures/tickets";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { FormDrawer, FormModal } from "@/ui/FormDialog";
import { AccessReasonDialog } from "./attachments/AccessReasonDialog";
import { MemberForm } from "./members/MemberForm";
import { CalendarEditor } from "./sla-policies/CalendarEditor";
import { PolicyEditor } from "./sla-policies/PolicyEditor";
import { ReapplyDialog } from "./sla-policies/ReapplyDialog";
import { offers, owners, terms } from "./ticket-actions/handlers";
import { PriorityDialog } from "./ticket-actions/PriorityDialog";
import { ResolveModal } from "./ticket-actions/ResolveModal";
import { TicketAssignmentModal } from "./ticket-actions/TicketAssignmentModal";
import { TicketEditForm } from "./ticket-actions/TicketEditForm";
import { RevealDialog } from "./ticket-detail/RevealDialog";
import { RenameViewModal } from "./ticket-filters/RenameViewModal";
import { WebhookForm } from "./webhooks/WebhookForm";

// A drawer full of fields takes jsdom a while.
vi.setConfig({ testTimeout: 40_000 });

const ticket = ticketFixture({ metadata: { amount: 48500, legs: [1, 2] } });
const REASON = "The RTO asks for the number of the licence";
const nothing = () => undefined;

type Close = { open: boolean; onClose(): void };

const FORMS: readonly [string, (props: Close) => ReactNode, string | RegExp][] = [
  ["assigning", (props) => <TicketAssignmentModal ticket={ticket} {...props} />, "Reason"],
  ["resolving", (props) => <ResolveModal ticket={ticket} {...props} />, "How it was solved"],
  ["changing the priority", (props) => <PriorityDialog ticket={ticket} {...props} />, "Reason"],
  [
    "editing",
    (props) => (
      <FormModal {...props} footer={null}>
        <TicketEditForm ticket={ticket} onDone={nothing} />
      </FormModal>
    ),
    "Title",
  ],
  [
    "looking at what is protected",
    (props) => <RevealDialog ticketId="TKT-1" before={REASON} onView={() => Promise.resolve()} {...props} />,
    "Why you need it",
  ],
  [
    "looking at a file",
    (props) => (
      <AccessReasonDialog
        title="View"
        okText="View"
        busy={false}
        error={null}
        initialReason={REASON}
        onReason={nothing}
        {...props}
      >
        It is kept.
      </AccessReasonDialog>
    ),
    "Reason",
  ],
  [
    "a policy",
    ({ onClose }) => (
      <PolicyEditor policy={policyFixture()} calendars={calendarFixtures} onClose={onClose} onSaved={nothing} />
    ),
    "Resolution, hours",
  ],
  [
    "a calendar",
    ({ onClose }) => <CalendarEditor calendar={calendarFixture()} takenIds={[]} onClose={onClose} onSaved={nothing} />,
    "Name",
  ],
  [
    "a new calendar",
    ({ onClose }) => <CalendarEditor calendar={null} takenIds={[]} onClose={onClose} onSaved={nothing} />,
    "Name",
  ],
  [
    "a policy's new use",
    ({ onClose }) => <ReapplyDialog priority="TICKET_PRIORITY_HIGH" onClose={onClose} />,
    "Reason",
  ],
  [
    "a member",
    (props) => (
      <FormDrawer {...props}>
        <MemberForm
          member={{ userId: "ravi", displayName: "Ravi", role: "ROLE_FINANCE", active: true }}
          onDone={nothing}
        />
      </FormDrawer>
    ),
    /^Name/,
  ],
  [
    "a webhook",
    (props) => (
      <FormDrawer {...props}>
        <WebhookForm webhook={{ id: "w1", displayName: "ERP", url: "https://erp.example" }} onDone={nothing} />
      </FormDrawer>
    ),
    "Name",
  ],
  [
    "a view's name",
    ({ onClose }) => <RenameViewModal view={{ id: "v1", name: "Urgent" }} onClose={onClose} onConflict={nothing} />,
    "Name",
  ],
];

it.each(FORMS)("a form of %s closes at once until something is changed", async (_, view, label) => {
  server.use(
    offers(),
    owners,
    terms,
    http.get("*/admin/sla-policies", () => HttpResponse.json({})),
  );
  const onClose = vi.fn();
  renderView(<Suspense fallback={null}>{view({ open: true, onClose })}</Suspense>);
  const field = await screen.findByLabelText(label);
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(onClose).toHaveBeenCalledTimes(1);

  fireEvent.change(field, { target: { value: "17" } });
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("button", { name: "Discard" })).toBeInTheDocument();
  expect(onClose).toHaveBeenCalledTimes(1);
  await userEvent.click(screen.getByRole("button", { name: "Keep editing" }));
  await waitFor(() => expect(field).toHaveValue("17"));
});

it("a text from a template counts as entered", async () => {
  const onClose = vi.fn();
  renderView(<ResolveModal ticket={ticket} open onClose={onClose} />);
  await userEvent.click(await screen.findByRole("button", { name: /Delivered/ }));
  await userEvent.click(screen.getByRole("button", { name: "Close" }));
  await userEvent.click(await screen.findByRole("button", { name: "Discard" }));
  await waitFor(() => expect(onClose).toHaveBeenCalled());
});
