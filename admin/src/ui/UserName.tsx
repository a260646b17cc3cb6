import { useMember } from "@/api/members";
import type { Role } from "@/api/schemas";
import { HoverTip } from "@/ui/HoverTip";
import { ROLES, wordOf } from "@/vocabulary/tickets";
import "./ui.css";

/** A person by their name in the directory, else by their user id; the role is in the tooltip. */
export function UserName({ userId, role }: { userId: string | undefined; role?: Role | undefined }) {
  const member = useMember(userId);
  if (!userId) {
    return null;
  }
  const known = role ?? member?.role;
  const title = [
    member?.displayName && userId,
    known && wordOf(ROLES, known).label,
    member?.active === false && "inactive",
  ];
  return (
    <HoverTip title={title.filter(Boolean).join(" · ")}>
      <span className="user-name">
        <bdi>{member?.displayName || userId}</bdi>
      </span>
    </HoverTip>
  );
}

/** Who owns a ticket: a person, or a role's queue, or nobody. */
export function OwnerName({ ownerId, ownerRole }: { ownerId: string | undefined; ownerRole: Role | undefined }) {
  if (ownerId) {
    return <UserName userId={ownerId} role={ownerRole} />;
  }
  if (ownerRole && ownerRole !== "ROLE_UNSPECIFIED") {
    return <span>{wordOf(ROLES, ownerRole).label} queue</span>;
  }
  return <span>Unassigned</span>;
}
