import { QueryClient } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { type ReactNode, Suspense } from "react";
import { MemoryRouter } from "react-router";
import type { Caller, Permission } from "@/api/schemas";
import { AppProviders } from "@/app/Providers";
import { limitsFixture } from "@/fixtures/limits";
import { server } from "./server";

const ALL: Permission[] = [
  "PERMISSION_STAFF",
  "PERMISSION_ASSIGN_TICKETS",
  "PERMISSION_BULK_UPDATE_TICKETS",
  "PERMISSION_EXPORT_TICKETS",
  "PERMISSION_MANAGE_SLA_POLICIES",
  "PERMISSION_MANAGE_DIRECTORY",
  "PERMISSION_MANAGE_WEBHOOKS",
];

/** Draws it as a view of the app, for an admin unless `caller` says otherwise, at an address. */
export function renderView(
  view: ReactNode,
  { caller = {}, at = "/admin/tickets" }: { caller?: Caller; at?: string } = {},
) {
  server.use(
    http.get("*/admin/me", () =>
      HttpResponse.json({
        userId: "asha",
        role: "ROLE_ADMIN",
        displayName: "Asha Rao",
        permissions: ALL,
        limits: limitsFixture,
        ...caller,
      }),
    ),
    http.get("*/admin/members:lookup", () => HttpResponse.json({})),
  );
  const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const result = render(
    <AppProviders queryClient={queryClient} colorScheme="light">
      <MemoryRouter initialEntries={[at]}>
        <Suspense fallback={null}>{view}</Suspense>
      </MemoryRouter>
    </AppProviders>,
  );
  return { ...result, queryClient };
}
