import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Member } from "@/api/schemas";
import { refusal } from "@/features/ticket-actions/handlers";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { MemberForm } from "./MemberForm";

const RAVI: Member = { userId: "ravi", displayName: "Ravi Kumar", role: "ROLE_FINANCE", active: true, etag: '"7"' };

type Sent = { userId: string; key: string | null; ifMatch: string | null; ifNoneMatch: string | null };

function open(member: Member | null, answers: (() => Response)[]) {
  const sent: Sent[] = [];
  const onDone = vi.fn();
  server.use(
    http.put("*/admin/members/:id", ({ request: { headers }, params }) => {
      sent.push({
        userId: String(params.id),
        key: headers.get("idempotency-key"),
        ifMatch: headers.get("if-match"),
        ifNoneMatch: headers.get("if-none-match"),
      });
      return answers[sent.length - 1]?.() ?? HttpResponse.json(RAVI);
    }),
  );
  renderView(<MemberForm member={member} onDone={onDone} />);
  return { sent, onDone };
}

async function fillIn(userId: string) {
  fireEvent.change(await screen.findByLabelText(/^User id/), { target: { value: userId } });
  fireEvent.change(screen.getByLabelText(/^Name/), { target: { value: "Ravi Kumar" } });
  await userEvent.click(screen.getByRole("combobox", { name: /^Role/ }));
  await userEvent.click(await screen.findByTitle("Finance"));
}

const add = () => userEvent.click(screen.getByRole("button", { name: "Add member" }));

it("enters a member only where there is none, and says beside the id that there is one", async () => {
  const { sent, onDone } = open(null, [() => refusal(412, "MEMBER_EXISTS", "Member ravi exists already.")]);
  await fillIn("ravi");
  await add();
  expect(await screen.findByText(/There is a member with this user id already/)).toBeInTheDocument();
  expect(screen.getByLabelText(/^User id/)).toBeInvalid();
  expect(screen.queryByText("Member ravi exists already.")).toBeNull();
  expect(onDone).not.toHaveBeenCalled();
  fireEvent.change(screen.getByLabelText(/^User id/), { target: { value: "ravi.kumar" } });
  await add();
  await waitFor(() => expect(onDone.mock.calls[0]?.[0]).toEqual(RAVI));
  expect(sent.map(({ userId, ifMatch, ifNoneMatch }) => ({ userId, ifMatch, ifNoneMatch }))).toEqual([
    { userId: "ravi", ifMatch: null, ifNoneMatch: "*" },
    { userId: "ravi.kumar", ifMatch: null, ifNoneMatch: "*" },
  ]);
  expect(sent[1]?.key).not.toBe(sent[0]?.key);
});

it("sends the same key again where no answer came, so that one's own entry is not taken for another's", async () => {
  const { sent, onDone } = open(null, [() => refusal(503, "DEPENDENCY_UNAVAILABLE", "Try again.")]);
  await fillIn("ravi");
  await add();
  await screen.findByText(/Try again/);
  await add();
  await waitFor(() => expect(onDone.mock.calls[0]?.[0]).toEqual(RAVI));
  expect(sent[1]?.key).toBe(sent[0]?.key);
});

it("replaces a member as it was read", async () => {
  const { sent, onDone } = open(RAVI, []);
  fireEvent.change(await screen.findByLabelText(/^Name/), { target: { value: "Ravi K." } });
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => expect(onDone).toHaveBeenCalled());
  expect(sent).toEqual([expect.objectContaining({ ifMatch: '"7"', ifNoneMatch: null })]);
});
