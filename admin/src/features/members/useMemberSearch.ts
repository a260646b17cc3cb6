import { useSearchParams } from "react-router";
import { STAFF_ROLES } from "@/vocabulary/tickets";
import type { MemberSearch } from "./memberQueries";

const PREFIX = "ROLE_";

/** What the table shows, kept in the address: `?q=priya&role=ops_agent&franchise=FR-001&active=no`. */
export function useMemberSearch(): [MemberSearch, (change: Partial<MemberSearch>) => void] {
  const [params, setParams] = useSearchParams();
  const named = (params.get("role") ?? "").split(",").map((name) => PREFIX + name.toUpperCase());
  const active = params.get("active");
  const search: MemberSearch = {
    query: params.get("q") ?? "",
    roles: STAFF_ROLES.filter((role) => named.includes(role)),
    franchiseId: params.get("franchise") ?? "",
    active: active === null ? undefined : active !== "no",
  };
  const change = (part: Partial<MemberSearch>) => {
    const next = { ...search, ...part };
    setParams(
      {
        ...(next.query && { q: next.query }),
        ...(next.roles.length > 0 && {
          role: next.roles.map((role) => role.slice(PREFIX.length).toLowerCase()).join(","),
        }),
        ...(next.franchiseId && { franchise: next.franchiseId }),
        ...(next.active !== undefined && { active: next.active ? "yes" : "no" }),
      },
      { replace: true },
    );
  };
  return [search, change];
}
