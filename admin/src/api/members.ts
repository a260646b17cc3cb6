import { useQuery } from "@tanstack/react-query";
import { create, windowedFiniteBatchScheduler } from "@yornaath/batshit";
import { usePermission } from "./caller";
import { api, unwrap } from "./client";
import type { MemberName } from "./schemas";

const LARGEST_BATCH = 200;

const names = create({
  fetcher: async (userIds: string[]): Promise<MemberName[]> =>
    (await unwrap(api.GET("/admin/members:lookup", { params: { query: { userIds } } }))).members ?? [],
  resolver: (members, userId): MemberName | null => members.find((each) => each.userId === userId) ?? null,
  scheduler: windowedFiniteBatchScheduler({ windowMs: 10, maxBatchSize: LARGEST_BATCH }),
});

/** What the directory tells of a user, asked for in batches; null for who is not in it, and undefined while it is asked. */
export function useMember(userId: string | undefined): MemberName | null | undefined {
  const isStaff = usePermission("PERMISSION_STAFF");
  const { data } = useQuery({
    queryKey: ["member", userId],
    queryFn: () => names.fetch(userId as string),
    enabled: isStaff && Boolean(userId),
    staleTime: 10 * 60_000,
    retry: false,
  });
  return isStaff ? data : null;
}
