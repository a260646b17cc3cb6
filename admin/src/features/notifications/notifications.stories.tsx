import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { expect, screen, userEvent, within } from "storybook/test";
import type { Notification } from "@/api/schemas";
import { notificationFixture, notificationFixtures } from "@/fixtures/notifications";
import { minutesFromNow } from "@/fixtures/now";
import { NotificationBell } from "./NotificationBell";
import { NotificationsPage } from "./NotificationsPage";

const answer = (notifications: readonly Notification[], unreadCount: number, nextPageToken = "") => [
  http.get("*/admin/notifications", ({ request }) => {
    const unread = new URL(request.url).searchParams.get("unreadOnly") === "true";
    const shown = notifications.filter(({ readAt }) => !unread || !readAt);
    return HttpResponse.json({ notifications: shown, unreadCount, nextPageToken });
  }),
  http.post("*/admin/notifications/read", () => HttpResponse.json({ markedCount: 1 })),
];

const many = Array.from({ length: 200 }, (_, index) =>
  notificationFixture({ id: `many-${index}`, ticketId: `TKT-${2000 - index}`, createdAt: minutesFromNow(-index * 31) }),
);

const meta = {
  title: "Notifications/NotificationsPage",
  component: NotificationsPage,
  parameters: { msw: { handlers: answer(notificationFixtures, 5) } },
} satisfies Meta<typeof NotificationsPage>;
export default meta;

type Story = StoryObj<typeof meta>;

export const All: Story = {};

export const Unread: Story = { parameters: { route: "/admin/notifications?show=unread" } };

export const Many: Story = { parameters: { msw: { handlers: answer(many, 1000, "more") } } };

export const Empty: Story = { parameters: { msw: { handlers: answer([], 0) } } };

export const EverythingRead: Story = {
  parameters: { route: "/admin/notifications?show=unread", msw: { handlers: answer([], 0) } },
};

export const Loading: Story = {
  parameters: { msw: { handlers: [http.get("*/admin/notifications", () => delay("infinite"))] } },
};

export const Failing: Story = {
  parameters: {
    msw: {
      handlers: [
        http.get("*/admin/notifications", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong on our side." }, { status: 500 }),
        ),
      ],
    },
  },
};

/** The bell in the header, opened. */
export const Bell: Story = {
  render: () => (
    <div style={{ display: "flex", justifyContent: "flex-end", alignItems: "flex-start", minHeight: 640 }}>
      <NotificationBell />
    </div>
  ),
  async play({ canvasElement }) {
    const bell = await within(canvasElement).findByRole("button", { name: /unread/ });
    await userEvent.click(bell);
    await expect(await screen.findByRole("dialog")).toBeInTheDocument();
  },
};

export const BellWithNothing: Story = { ...Bell, parameters: { msw: { handlers: answer([], 0) } } };

export const BellWithMany: Story = { ...Bell, parameters: { msw: { handlers: answer(many, 340) } } };
