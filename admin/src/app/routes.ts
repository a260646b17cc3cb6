/** Addresses of the views. All stand below /admin/, where the gateway answers navigations with the page. */
export const ROUTES = {
  tickets: "/admin/tickets",
  ticket: (id: string) => `/admin/tickets/${encodeURIComponent(id)}`,
  dashboard: "/admin/dashboard",
  notifications: "/admin/notifications",
  exports: "/admin/exports",
  sla: "/admin/sla",
  members: "/admin/members",
  webhooks: "/admin/webhooks",
} as const;
