import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, unwrap } from "./client";
import type { Caller, Permission } from "./schemas";

/** Who is logged in. */
export const callerQuery = queryOptions({
  queryKey: ["caller"],
  queryFn: ({ signal }) => unwrap(api.GET("/admin/me", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** Who is logged in; the app shows nothing before that is known. */
export function useCaller(): Caller {
  return useSuspenseQuery(callerQuery).data;
}

/** Whether the caller's role permits something whatever the ticket. What it does not permit is not offered. */
export function usePermission(permission: Permission): boolean {
  return useCaller().permissions?.includes(permission) ?? false;
}
