import { infiniteQueryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, once, onlyNew, unwrap } from "@/api/client";
import type { Member, Role } from "@/api/schemas";

const KEY = ["members"] as const;
const PAGE_SIZE = 50;

export type MemberSearch = {
  query: string;
  roles: readonly Role[];
  franchiseId: string;
  /** Undefined: both. */
  active: boolean | undefined;
};

/** The staff by user id, page by page. */
export function membersQuery({ query, roles, franchiseId, active }: MemberSearch) {
  return infiniteQueryOptions({
    queryKey: [...KEY, "list", { query, roles, franchiseId, active }],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.GET("/admin/members", {
          params: {
            query: {
              pageSize: PAGE_SIZE,
              roles: [...roles],
              ...(query && { query }),
              ...(franchiseId && { franchiseId }),
              ...(active !== undefined && { active }),
              ...(pageParam && { pageToken: pageParam }),
            },
          },
          signal,
        }),
      ),
    initialPageParam: "",
    getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
    placeholderData: (before) => before,
  });
}

/** The member as it is now; null for a user who is none. */
export async function readMember(userId: string): Promise<Member | null> {
  let pageToken = "";
  // The API reads members by search alone, and a search for an id finds longer ones too.
  do {
    const page = await unwrap(
      api.GET("/admin/members", {
        params: { query: { query: userId, pageSize: 200, ...(pageToken && { pageToken }) } },
      }),
    );
    const found = page.members?.find((each) => each.userId === userId);
    if (found) {
      return found;
    }
    pageToken = page.nextPageToken ?? "";
  } while (pageToken);
  return null;
}

export type MemberSave = { userId: string; member: Member; etag: string | null; key: string };

/**
 * Enters a member, or replaces one as a whole if it is still as it was read (`etag`). Without an etag it has to be new.
 */
export function useSaveMember() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ userId, member, etag, key }: MemberSave) =>
      unwrap(
        api.PUT("/admin/members/{userId}", {
          params: { path: { userId }, header: { ...once(key), ...(etag === null ? onlyNew : { "If-Match": etag }) } },
          body: { ...member, role: member.role ?? "ROLE_UNSPECIFIED", displayName: member.displayName ?? "" },
        }),
      ),
    onSettled(_, __, { userId }) {
      void queryClient.invalidateQueries({ queryKey: KEY });
      void queryClient.invalidateQueries({ queryKey: ["member", userId] });
    },
  });
}
