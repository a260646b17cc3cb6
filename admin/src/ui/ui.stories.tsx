import type { Meta, StoryObj } from "@storybook/react-vite";
import { Button, Flex, Form } from "antd";
import { HttpResponse, http } from "msw";
import type { ReactNode } from "react";
import { ApiError, Unreachable } from "@/api/errors";
import type { MemberName, TicketPriority, TicketSeverity, TicketStatus } from "@/api/schemas";
import { hoursFromNow } from "@/fixtures/now";
import { PRIORITIES, SEVERITIES, STATUSES } from "@/vocabulary/tickets";
import { ErrorNotice } from "./ErrorNotice";
import { ReasonField } from "./ReasonField";
import { PriorityTag, SeverityTag, StatusTag } from "./StatusTag";
import { TimeAgo } from "./TimeAgo";
import { OwnerName, UserName } from "./UserName";

const meta: Meta = { title: "Shared" };
export default meta;

type Story = StoryObj;

function Row({ children }: { children: ReactNode }) {
  return (
    <Flex wrap gap={8} align="center" style={{ marginBlockEnd: 12 }}>
      {children}
    </Flex>
  );
}

export const Tags: Story = {
  render: () => (
    <>
      <Row>
        {(Object.keys(STATUSES) as TicketStatus[]).map((status) => (
          <StatusTag key={status} status={status} />
        ))}
        <StatusTag status={"TICKET_STATUS_ON_HOLD" as TicketStatus} />
      </Row>
      <Row>
        {(Object.keys(PRIORITIES) as TicketPriority[]).map((priority) => (
          <PriorityTag key={priority} priority={priority} />
        ))}
      </Row>
      <Row>
        {(Object.keys(SEVERITIES) as TicketSeverity[]).map((severity) => (
          <SeverityTag key={severity} severity={severity} />
        ))}
      </Row>
    </>
  ),
};

const PEOPLE: MemberName[] = [
  { userId: "priya.sharma", displayName: "Priya Sharma", role: "ROLE_OPS_MANAGER", active: true },
  { userId: "mohammed", displayName: "محمد عبد الرحمن", role: "ROLE_OPS_AGENT", active: true },
  { userId: "noa", displayName: "נועה", role: "ROLE_FINANCE" },
];

export const People: Story = {
  parameters: {
    msw: { handlers: [http.get("*/admin/members\\:lookup", () => HttpResponse.json({ members: PEOPLE }))] },
  },
  render: () => (
    <Flex vertical gap={8}>
      {PEOPLE.map(({ userId }) => (
        <UserName key={userId} userId={userId} />
      ))}
      <UserName userId="somebody.who.is.not.in.the.directory" />
      <OwnerName ownerId={undefined} ownerRole="ROLE_HQ_SUPPORT" />
      <OwnerName ownerId={undefined} ownerRole={undefined} />
      <TimeAgo at={hoursFromNow(-3)} />
    </Flex>
  ),
};

const REFUSED = ApiError.of(
  { message: "A ticket linked to a payment is resolved by finance only." },
  new Response(null, { status: 403, headers: { "x-request-id": "0199d2f4-6c1e-7c3a" } }),
);

export const Errors: Story = {
  render: () => (
    <Flex vertical gap={12}>
      <ErrorNotice error={REFUSED} />
      <ErrorNotice error={new Unreachable()} onRetry={() => undefined} />
      <ErrorNotice error={REFUSED} title="The ticket was not resolved" onRetry={() => undefined} />
    </Flex>
  ),
};

export const Reason: Story = {
  render: () => (
    <Form
      layout="vertical"
      initialValues={{ reason: "The operator has been waiting for three days.", short: "Waiting" }}
    >
      <ReasonField />
      <ReasonField name="why" label="Why do you look at it?" />
      <ReasonField name="short" label="Begun" />
      <Button type="primary">Go on</Button>
    </Form>
  ),
};
