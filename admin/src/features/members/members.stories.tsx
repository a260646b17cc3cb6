import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { screen, userEvent, within } from "storybook/test";
import type { Member } from "@/api/schemas";
import { refusal } from "@/features/ticket-actions/handlers";
import { daysFromNow } from "@/fixtures/now";
import { STAFF_ROLES } from "@/vocabulary/tickets";
import { MembersPage } from "./MembersPage";

function memberFixture(given: Partial<Member> = {}): Member {
  return {
    userId: "priya.ops",
    displayName: "Priya Sharma",
    role: "ROLE_OPS_AGENT",
    franchiseIds: ["FR-001"],
    email: "priya.sharma@example.com",
    phone: "+919812345678",
    active: true,
    etag: '"4"',
    createdAt: daysFromNow(-200),
    updatedAt: daysFromNow(-3),
    ...given,
  };
}

const members: readonly Member[] = [
  memberFixture({ userId: "mohammed.ops", displayName: "محمد عبد الرحمن", role: "ROLE_OPS_MANAGER", phone: "" }),
  memberFixture({ userId: "noa", displayName: "נועה", role: "ROLE_FINANCE", email: "", phone: "", franchiseIds: [] }),
  memberFixture(),
  memberFixture({
    userId: `a.member.with.a.long.id.${"x".repeat(60)}`,
    displayName: "Venkatanarasimharajuvaripeta Subrahmanyam Lakshminarayana Rao the Elder of Visakhapatnam",
    role: "ROLE_COMPLIANCE_OFFICER",
    franchiseIds: Array.from({ length: 40 }, (_, index) => `FR-${100 + index}`),
    email: `${"a".repeat(50)}@a-long-subdomain.of.example.com`,
  }),
  memberFixture({ userId: "ravi", displayName: "Ravi Kumar", role: "ROLE_FRANCHISE_AGENT", active: false }),
];

const many = Array.from({ length: 200 }, (_, index) =>
  memberFixture({
    userId: `user-${1000 + index}`,
    displayName: `Member ${index + 1}`,
    role: STAFF_ROLES[index % STAFF_ROLES.length] ?? "ROLE_OPS_AGENT",
  }),
);

const list = (shown: readonly Member[], nextPageToken = "") =>
  http.get("*/admin/members", () => HttpResponse.json({ members: shown, nextPageToken }));

const meta = {
  title: "Members/MembersPage",
  component: MembersPage,
  parameters: {
    msw: {
      handlers: { list: list(members), save: http.put("*/admin/members/:id", () => HttpResponse.json(members[2])) },
    },
  },
} satisfies Meta<typeof MembersPage>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Staff: Story = {};

export const Many: Story = { parameters: { msw: { handlers: { list: list(many, "more") } } } };

export const Empty: Story = { parameters: { msw: { handlers: { list: list([]) } } } };

export const NobodyLikeThat: Story = {
  parameters: { route: "/admin/members?q=zz&active=no", msw: { handlers: { list: list([]) } } },
};

export const Loading: Story = {
  parameters: { msw: { handlers: { list: http.get("*/admin/members", () => delay("infinite")) } } },
};

export const Failing: Story = {
  parameters: {
    msw: {
      handlers: {
        list: http.get("*/admin/members", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong on our side." }, { status: 500 }),
        ),
      },
    },
  },
};

export const Adding: Story = {
  async play({ canvasElement }) {
    await userEvent.click(await within(canvasElement).findByRole("button", { name: /Add member/ }));
    await screen.findByRole("dialog");
  },
};

/** Another admin has entered the user meanwhile. */
export const UserIdTaken: Story = {
  parameters: {
    msw: {
      handlers: {
        save: http.put("*/admin/members/:id", () => refusal(412, "MEMBER_EXISTS", "Member ravi exists already.")),
      },
    },
  },
  async play(context) {
    await Adding.play?.(context);
    const dialog = within(await screen.findByRole("dialog"));
    await userEvent.type(await dialog.findByLabelText(/^User id/), "ravi");
    await userEvent.type(dialog.getByLabelText(/^Name/), "Ravi Kumar");
    await userEvent.click(dialog.getByRole("combobox", { name: /^Role/ }));
    await userEvent.click(await screen.findByTitle("Finance"));
    await userEvent.click(dialog.getByRole("button", { name: "Add member" }));
    await dialog.findByText(/There is a member with this user id already/);
  },
};

const edit: Story["play"] = async ({ canvasElement }) => {
  await userEvent.click(await within(canvasElement).findByRole("button", { name: "Edit Priya Sharma" }));
  await screen.findByRole("dialog");
};

export const Editing: Story = { play: edit };

/** Somebody else was faster: field by field. */
export const Conflict: Story = {
  parameters: {
    msw: {
      handlers: {
        list: list(members),
        save: http.put("*/admin/members/:id", () =>
          HttpResponse.json({ code: 10, message: "The member has changed since it was read." }, { status: 412 }),
        ),
      },
    },
  },
  async play(context) {
    await edit(context);
    const dialog = within(await screen.findByRole("dialog"));
    const name = await dialog.findByLabelText("Name");
    await userEvent.clear(name);
    await userEvent.type(name, "Priya S. Sharma");
    await userEvent.click(dialog.getByRole("button", { name: "Save" }));
    await screen.findByText(/Somebody else has changed/);
  },
};
