import { describe, expect, it } from "vitest";
import { differences, draftOf, memberOf, merged } from "./memberDraft";

const draft = draftOf({
  userId: "priya",
  displayName: "Priya Sharma",
  role: "ROLE_OPS_AGENT",
  franchiseIds: ["FR-1"],
  email: "priya@example.com",
  phone: "+919812345678",
  active: true,
});

describe("memberOf", () => {
  it("sends everything, since what is left out would be cleared, but an empty token, which keeps the present one", () => {
    expect(memberOf(draft)).toEqual({
      displayName: "Priya Sharma",
      role: "ROLE_OPS_AGENT",
      franchiseIds: ["FR-1"],
      email: "priya@example.com",
      phone: "+919812345678",
      active: true,
    });
    expect(memberOf({ ...draft, pushToken: " token " }).pushToken).toBe("token");
  });

  it("takes phone numbers as people write them", () => {
    expect(memberOf({ ...draft, phone: "+91 98123-456 78" }).phone).toBe("+919812345678");
  });
});

it("reads a member who is not active, which the API tells by leaving it out", () => {
  expect(draftOf({ userId: "a" }).active).toBe(false);
});

describe("a conflict", () => {
  const theirs = { ...draft, role: "ROLE_OPS_MANAGER" as const, franchiseIds: ["FR-1", "FR-2"] };
  const mine = { ...draft, displayName: "Priya S.", pushToken: "new" };

  it("names the fields that differ", () => {
    expect(differences(mine, theirs)).toEqual([
      { field: "displayName", label: "Name", mine: "Priya S.", theirs: "Priya Sharma" },
      { field: "role", label: "Role", mine: "Ops agent", theirs: "Ops manager" },
      { field: "franchiseIds", label: "Franchises", mine: "FR-1", theirs: "FR-1, FR-2" },
    ]);
  });

  it("keeps theirs but where mine is chosen", () => {
    expect(merged(mine, theirs, ["displayName"])).toEqual({ ...theirs, displayName: "Priya S.", pushToken: "new" });
  });
});
