import type { Member } from "@/api/schemas";
import { ROLES, wordOf } from "@/vocabulary/tickets";

/** What the form holds. The token of a device is never given back; an empty one keeps what there is. */
export type MemberDraft = {
  userId: string;
  displayName: string;
  role?: Member["role"];
  franchiseIds: string[];
  email: string;
  phone: string;
  pushToken: string;
  active: boolean;
};

export const NEW_MEMBER: MemberDraft = {
  userId: "",
  displayName: "",
  franchiseIds: [],
  email: "",
  phone: "",
  pushToken: "",
  active: true,
};

export function draftOf(member: Member): MemberDraft {
  return {
    userId: member.userId ?? "",
    displayName: member.displayName ?? "",
    ...(member.role && { role: member.role }),
    franchiseIds: member.franchiseIds ?? [],
    email: member.email ?? "",
    phone: member.phone ?? "",
    pushToken: "",
    active: member.active ?? false,
  };
}

/** The whole member, since one is replaced as a whole; the id stands in the path. */
export function memberOf(draft: MemberDraft): Member {
  const pushToken = draft.pushToken.trim();
  return {
    displayName: draft.displayName.trim(),
    ...(draft.role && { role: draft.role }),
    franchiseIds: draft.franchiseIds,
    email: draft.email.trim(),
    phone: draft.phone.replace(/[\s()-]/g, ""),
    active: draft.active,
    ...(pushToken && { pushToken }),
  };
}

export type DraftField = keyof MemberDraft;

const LABELS: readonly [DraftField, string][] = [
  ["displayName", "Name"],
  ["role", "Role"],
  ["franchiseIds", "Franchises"],
  ["email", "E-mail"],
  ["phone", "Phone"],
  ["active", "Active"],
];

export type Difference = { field: DraftField; label: string; mine: string; theirs: string };

/** Fields in which what I would save differs from what somebody else has saved meanwhile. */
export function differences(mine: MemberDraft, theirs: MemberDraft): Difference[] {
  return LABELS.map(([field, label]) => ({
    field,
    label,
    mine: shown(mine, field),
    theirs: shown(theirs, field),
  })).filter((each) => each.mine !== each.theirs);
}

/** Theirs, but for the fields in which mine was chosen, and for the token, of which nobody knows theirs. */
export function merged(mine: MemberDraft, theirs: MemberDraft, mineIn: readonly DraftField[]): MemberDraft {
  const chosen = Object.fromEntries(mineIn.map((field) => [field, mine[field]]));
  return { ...theirs, pushToken: mine.pushToken, ...chosen };
}

function shown(draft: MemberDraft, field: DraftField): string {
  const value = draft[field];
  if (field === "role") {
    return wordOf(ROLES, draft.role).label;
  }
  if (typeof value === "boolean") {
    return value ? "Yes" : "No";
  }
  return (Array.isArray(value) ? value.join(", ") : (value ?? "").trim()) || "Empty";
}
