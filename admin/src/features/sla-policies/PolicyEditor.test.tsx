import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { SlaPolicy } from "@/api/schemas";
import { calendarFixtures, policyFixture } from "@/fixtures/sla";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { PolicyEditor } from "./PolicyEditor";

// A drawer full of fields takes jsdom a while.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "*/admin/sla-policies/:priority";

type Sent = { mask: string | null; etag: string | null; key: string | null; body: SlaPolicy };

function open(answer: (sent: Sent) => Response, newest: SlaPolicy = policyFixture()) {
  const sent: Sent[] = [];
  const onSaved = vi.fn();
  server.use(
    http.get("*/admin/sla-policies", () => HttpResponse.json({ slaPolicies: [newest] })),
    http.patch(PATH, async ({ request }) => {
      const call: Sent = {
        mask: new URL(request.url).searchParams.get("updateMask"),
        etag: request.headers.get("if-match"),
        key: request.headers.get("idempotency-key"),
        body: (await request.json()) as SlaPolicy,
      };
      sent.push(call);
      return answer(call);
    }),
  );
  renderView(
    <PolicyEditor policy={policyFixture()} calendars={calendarFixtures} onClose={vi.fn()} onSaved={onSaved} />,
  );
  return { sent, onSaved };
}

const save = () => userEvent.click(screen.getByRole("button", { name: /Save as version/ }));

it("sends what was changed, with the version that was read", async () => {
  const { sent, onSaved } = open(() => HttpResponse.json(policyFixture({ version: "4" })));
  const hours = await screen.findByLabelText("Resolution, hours");
  fireEvent.change(hours, { target: { value: "6" } });
  await userEvent.click(screen.getByRole("button", { name: "Move HQ support up" }));
  await save();
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(sent).toHaveLength(1);
  expect(sent[0]?.mask).toBe("resolutionTimeMinutes,escalationChain");
  expect(sent[0]?.etag).toBe('"3"');
  expect(sent[0]?.body.resolutionTimeMinutes).toBe(1800);
  expect(sent[0]?.body.escalationChain).toEqual(["ROLE_OPS_MANAGER", "ROLE_HQ_SUPPORT", "ROLE_REGIONAL_MANAGER"]);
});

const durationOf = (label: string) =>
  ["days", "hours", "minutes"].map((unit) => screen.getByLabelText<HTMLInputElement>(`${label}, ${unit}`).value);

async function fill(field: string, text: string) {
  const input = await screen.findByLabelText(field);
  await userEvent.clear(input);
  if (text !== "") {
    await userEvent.type(input, text);
  }
}

it("takes any number of hours or minutes, and carries it over when the field is left", async () => {
  const { sent, onSaved } = open(() => HttpResponse.json(policyFixture({ version: "4" })));
  await fill("Resolution, days", "");
  await fill("Resolution, hours", "48");
  expect(durationOf("Resolution")).toEqual(["0", "48", "0"]);
  await userEvent.tab();
  expect(durationOf("Resolution")).toEqual(["2", "0", "0"]);
  await fill("First response, hours", "0");
  await fill("First response, minutes", "90");
  await userEvent.tab();
  expect(durationOf("First response")).toEqual(["0", "1", "30"]);
  await fill("Next escalation after, hours", "25");
  await save();
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(sent[0]?.body).toMatchObject({
    resolutionTimeMinutes: 2880,
    responseTimeMinutes: 90,
    escalationIntervalMinutes: 1500,
  });
});

it.each([
  ["Resolution", "days", "366", "365 days at the most."],
  ["First response", "hours", "99999999999999999999", "365 days at the most."],
  ["Next escalation after", "minutes", "525601", "365 days at the most."],
  ["Next escalation after", "hours", "1.5", "Write whole numbers."],
  ["Resolution", "minutes", "-5", "Write whole numbers."],
  ["First response", "days", "two", "Write whole numbers."],
])("sends no %s of so many %s: %s", async (label, unit, text, words) => {
  const { sent } = open(() => HttpResponse.json({}));
  await fill(`${label}, ${unit}`, text);
  await userEvent.tab();
  const input = screen.getByLabelText(`${label}, ${unit}`);
  expect(input).toHaveValue(text);
  expect(await screen.findByText(words)).toBeInTheDocument();
  expect(input).toBeInvalid();
  expect(input).toHaveAccessibleDescription(expect.stringContaining(words));
  await save();
  expect(sent).toEqual([]);
});

it("asks before a duration that was only typed is lost", async () => {
  open(() => HttpResponse.json({}));
  await fill("Next escalation after, hours", "x");
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("button", { name: "Discard" })).toBeInTheDocument();
});

it("tells a refusal beside the field", async () => {
  open(() =>
    HttpResponse.json(
      {
        code: 3,
        message: "Invalid.",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [{ field: "sla_policy.pausing_statuses[0]", description: "must be one of AWAITING_*" }],
          },
        ],
      },
      { status: 400 },
    ),
  );
  await userEvent.click(await screen.findByRole("checkbox", { name: "Awaiting finance" }));
  await save();
  expect(await screen.findByText("must be one of Awaiting …")).toBeInTheDocument();
});

it("takes no policy that promises a solution before the first response", async () => {
  const { sent } = open(() => HttpResponse.json({}));
  const days = await screen.findByLabelText("First response, days");
  fireEvent.change(days, { target: { value: "2" } });
  await save();
  expect(await screen.findByText("Not shorter than the time to the first response.")).toBeInTheDocument();
  expect(sent).toEqual([]);
});

it("a change by somebody else is settled field by field, and nothing of mine is lost", async () => {
  const theirs = policyFixture({
    version: "4",
    etag: '"4"',
    responseTimeMinutes: 60,
    escalationChain: ["ROLE_OPS_MANAGER"],
  });
  const { sent, onSaved } = open(
    ({ etag }) =>
      etag === '"4"'
        ? HttpResponse.json(policyFixture({ version: "5" }))
        : HttpResponse.json({ code: 10, message: "It has changed." }, { status: 412 }),
    theirs,
  );
  await userEvent.click(await screen.findByRole("button", { name: "Take HQ support out" }));
  await userEvent.click(screen.getByRole("checkbox", { name: "Awaiting finance" }));
  await save();
  const conflict = await screen.findByRole("group", { name: "Escalation chain" });
  await userEvent.click(within(conflict).getByRole("radio", { name: /Theirs: Ops manager/ }));
  await userEvent.click(screen.getByRole("button", { name: "Go on with this" }));
  await save();
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(sent[1]?.mask).toBe("pausingStatuses");
  expect(sent[1]?.body.responseTimeMinutes).toBe(60);
  expect(sent[1]?.key).not.toBe(sent[0]?.key);
});
