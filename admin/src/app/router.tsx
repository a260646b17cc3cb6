import { createBrowserRouter, Navigate } from "react-router";
import { NotFound } from "./NotFound";
import { PageError } from "./PageError";
import { ROUTES } from "./routes";
import { Shell } from "./Shell";
import { Waiting } from "./Waiting";

/** The list is in the first bundle's chunk; every other page comes when it is opened. */
export const router = createBrowserRouter([
  {
    element: <Shell />,
    hydrateFallbackElement: <Waiting />,
    errorElement: <PageError />,
    children: [
      {
        errorElement: <PageError />,
        children: [
          { path: "/admin", element: <Navigate to={ROUTES.tickets} replace /> },
          {
            // The panel of one ticket is shown over the list, which stays as it is.
            path: `${ROUTES.tickets}/:ticketId?`,
            lazy: async () => ({ Component: (await import("@/features/ticket-list/TicketsListPage")).TicketsListPage }),
          },
          {
            path: ROUTES.dashboard,
            lazy: async () => ({ Component: (await import("@/features/dashboard/DashboardPage")).DashboardPage }),
          },
          {
            path: ROUTES.notifications,
            lazy: async () => ({
              Component: (await import("@/features/notifications/NotificationsPage")).NotificationsPage,
            }),
          },
          {
            path: ROUTES.exports,
            lazy: async () => ({ Component: (await import("@/features/exports/ExportsPage")).ExportsPage }),
          },
          {
            path: ROUTES.sla,
            lazy: async () => ({
              Component: (await import("@/features/sla-policies/SlaPoliciesPage")).SlaPoliciesPage,
            }),
          },
          {
            path: ROUTES.members,
            lazy: async () => ({ Component: (await import("@/features/members/MembersPage")).MembersPage }),
          },
          {
            path: ROUTES.webhooks,
            lazy: async () => ({ Component: (await import("@/features/webhooks/WebhooksPage")).WebhooksPage }),
          },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);
