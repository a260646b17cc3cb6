import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, it, vi } from "vitest";
import type { Calendar } from "@/api/schemas";
import { refusal } from "@/features/ticket-actions/handlers";
import { calendarFixture } from "@/fixtures/sla";
import { renderView } from "@/testing/render";
import { server } from "@/testing/server";
import { CalendarEditor } from "./CalendarEditor";

// A drawer full of fields takes jsdom a while.
vi.setConfig({ testTimeout: 30_000 });

function open(calendar: Calendar | null, answer: () => Response, newest?: Calendar) {
  const sent: { id: string; etag: string | null; onlyNew: string | null; body: Calendar }[] = [];
  const onSaved = vi.fn();
  server.use(
    http.get("*/admin/calendars", () => HttpResponse.json({ calendars: newest ? [newest] : [] })),
    http.put("*/admin/calendars/:id", async ({ request, params }) => {
      const body = (await request.json()) as Calendar;
      const { headers } = request;
      sent.push({ id: String(params.id), etag: headers.get("if-match"), onlyNew: headers.get("if-none-match"), body });
      return answer();
    }),
  );
  renderView(<CalendarEditor calendar={calendar} takenIds={["chennai-office"]} onClose={vi.fn()} onSaved={onSaved} />);
  return { sent, onSaved };
}

const saved = () => HttpResponse.json(calendarFixture({ version: "3" }));
const press = (name: string | RegExp) => userEvent.click(screen.getByRole("button", { name }));

function write(field: HTMLElement, value: string) {
  fireEvent.change(field, { target: { value } });
}

it("makes a calendar under an id that is free and well formed", async () => {
  const { sent, onSaved } = open(null, saved);
  write(await screen.findByLabelText("Name"), "Night desk");
  await press("Create calendar");
  expect(await screen.findByText("1 to 50 of a–z, 0–9 and “-”.")).toBeInTheDocument();
  write(screen.getByLabelText("Id"), "Chennai-Office");
  expect(await screen.findByText("There is a calendar of this id.")).toBeInTheDocument();
  fireEvent.change(screen.getByLabelText("Id"), { target: { value: "night-desk" } });
  await press("Create calendar");
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(sent).toHaveLength(1);
  expect(sent[0]?.id).toBe("night-desk");
  expect(sent[0]).toMatchObject({ etag: null, onlyNew: "*" });
  expect(sent[0]?.body.windows).toHaveLength(5);
});

it("says beside the id that somebody else has made a calendar of it meanwhile", async () => {
  const { onSaved } = open(null, () => refusal(412, "CALENDAR_EXISTS", "Calendar night-desk exists already."));
  write(await screen.findByLabelText("Name"), "Night desk");
  write(screen.getByLabelText("Id"), "night-desk");
  await press("Create calendar");
  expect(await screen.findByText("There is a calendar of this id.")).toBeInTheDocument();
  expect(screen.getByLabelText("Id")).toBeInvalid();
  expect(screen.queryByText("Calendar night-desk exists already.")).toBeNull();
  expect(onSaved).not.toHaveBeenCalled();
});

it("windows are written by the keyboard, and wrong ones are told and not sent", async () => {
  const { sent, onSaved } = open(calendarFixture(), saved);
  const closes = await screen.findByLabelText("Monday, window 1, closes");
  expect(screen.getByRole("group", { name: "Monday" })).toContainElement(closes);
  fireEvent.change(closes, { target: { value: "1430" } });
  expect(screen.getByText("Overlaps another window of the day.")).toBeInTheDocument();
  await press(/Save as version 3/);
  expect(sent).toEqual([]);
  await press("Monday, window 2, take out");
  await press("Copy Monday to the other weekdays");
  await press(/Save as version 3/);
  await waitFor(() => expect(onSaved).toHaveBeenCalled());
  expect(sent[0]).toMatchObject({ etag: '"2"', onlyNew: null });
  expect(sent[0]?.body.windows?.map(({ closesAt }) => closesAt)).toEqual(Array(5).fill({ hours: 14, minutes: 30 }));
});

it("a refusal stands at the window that it is about", async () => {
  open(calendarFixture(), () =>
    HttpResponse.json(
      {
        code: 3,
        message: "Invalid.",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [
              { field: "calendar.windows[2].closes_at", description: "is too late for a Tuesday" },
              { field: "calendar.display_name", description: "is taken by the moon" },
            ],
          },
        ],
      },
      { status: 400 },
    ),
  );
  write(await screen.findByLabelText("Name"), "Office!");
  await press(/Save as version 3/);
  expect(await screen.findByText("is too late for a Tuesday")).toBeInTheDocument();
  expect(screen.getByText("is taken by the moon")).toBeInTheDocument();
  expect(screen.getByLabelText("Tuesday, window 1, closes")).toBeInvalid();
});

it("what somebody else changed is shown beside mine", async () => {
  open(
    calendarFixture(),
    () => HttpResponse.json({ code: 10, message: "It has changed." }, { status: 412 }),
    calendarFixture({ displayName: "Office, Chennai and Madurai", version: "3", etag: '"3"' }),
  );
  write(await screen.findByLabelText("Name"), "Office hours, Chennai (old)");
  await press(/Save as version 3/);
  expect(await screen.findByRole("radio", { name: "Mine: Office hours, Chennai (old)" })).toBeChecked();
  await userEvent.click(screen.getByRole("radio", { name: "Theirs: Office, Chennai and Madurai" }));
  await press("Go on with this");
  expect(screen.getByLabelText("Name")).toHaveValue("Office, Chennai and Madurai");
  expect(screen.getByRole("button", { name: /Save as version 4/ })).toBeEnabled();
});
