import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it } from "vitest";
import { notificationFixture, notificationFixtures } from "@/fixtures/notifications";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { NotificationBell } from "./NotificationBell";

const inbox = { notifications: notificationFixtures, unreadCount: 5 };

it("marks all as read at once, and takes that back when it is refused", async () => {
  let refuse: () => void = () => undefined;
  const refused = new Promise<void>((resolve) => {
    refuse = resolve;
  });
  server.use(
    http.get("*/admin/notifications", () => HttpResponse.json(inbox)),
    http.post("*/admin/notifications/read", async () => {
      await refused;
      return HttpResponse.json({ message: "The service is away." }, { status: 500 });
    }),
  );
  renderView(<NotificationBell />);
  await userEvent.click(await screen.findByRole("button", { name: "Notifications, 5 unread" }));
  const panel = await screen.findByRole("dialog", { name: "Notifications" });
  expect(within(panel).getAllByRole("listitem")).toHaveLength(8);
  await userEvent.click(within(panel).getByRole("button", { name: "Mark all as read" }));
  await screen.findByRole("button", { name: "Notifications, nothing unread" });
  refuse();
  await screen.findByText(/Not marked as read/);
  await screen.findByRole("button", { name: "Notifications, 5 unread" });
});

it("calls out a critical notification once, and none of those that were there before", async () => {
  const before = notificationFixture({ id: "old", isCritical: true, title: "An old alarm" });
  const alarm = notificationFixture({ id: "new", isCritical: true, title: "A new alarm" });
  let notifications = [before];
  server.use(http.get("*/admin/notifications", () => HttpResponse.json({ notifications, unreadCount: 1 })));
  const { queryClient } = renderView(<NotificationBell />);
  await screen.findByRole("button", { name: "Notifications, 1 unread" });
  notifications = [alarm, before];
  await queryClient.invalidateQueries({ queryKey: ["notifications"] });
  expect(await screen.findAllByText("A new alarm")).toHaveLength(1);
  await queryClient.invalidateQueries({ queryKey: ["notifications"] });
  await waitFor(() => expect(screen.getAllByText("A new alarm")).toHaveLength(1));
  expect(screen.queryByText("An old alarm")).not.toBeInTheDocument();
});
