import type { Meta, StoryObj } from "@storybook/react-vite";
import { HttpResponse, http } from "msw";
import { screen, userEvent } from "storybook/test";
import { refusal } from "@/features/ticket-actions/handlers";
import { FIXED_NOW } from "@/fixtures/now";
import { calendarFixture } from "@/fixtures/sla";
import { CalendarEditor } from "./CalendarEditor";

const meta = {
  component: CalendarEditor,
  parameters: { now: FIXED_NOW },
  args: {
    calendar: calendarFixture(),
    takenIds: ["chennai-office"],
    onClose: () => undefined,
    onSaved: () => undefined,
  },
} satisfies Meta<typeof CalendarEditor>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Editing: Story = {};
export const New: Story = { args: { calendar: null } };

/** Another admin has made one of that id meanwhile. */
export const IdTaken: Story = {
  args: { calendar: null },
  parameters: {
    msw: {
      handlers: [
        http.get("*/admin/calendars", () => HttpResponse.json({ calendars: [calendarFixture()] })),
        http.put("*/admin/calendars/:id", () => refusal(412, "CALENDAR_EXISTS", "Calendar night-desk exists already.")),
      ],
    },
  },
  async play() {
    await userEvent.type(await screen.findByLabelText("Name"), "Night desk");
    await userEvent.type(screen.getByLabelText("Id"), "night-desk");
    await userEvent.click(screen.getByRole("button", { name: "Create calendar" }));
    await screen.findByText("There is a calendar of this id.");
  },
};

/** Windows that overlap or end before they begin, told while they are written. */
export const WrongWindows: Story = {
  args: {
    calendar: calendarFixture({
      windows: [
        { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 9 }, closesAt: { hours: 13 } },
        { day: "DAY_OF_WEEK_MONDAY", opensAt: { hours: 12 }, closesAt: { hours: 18 } },
        { day: "DAY_OF_WEEK_TUESDAY", opensAt: { hours: 18 }, closesAt: { hours: 9 } },
      ],
    }),
  },
};

export const ManyHolidays: Story = {
  args: {
    calendar: calendarFixture({
      displayName:
        "A calendar with a name that takes all of the hundred characters that a name may have, to the very end",
      holidays: Array.from({ length: 40 }, (_, index) => ({
        date: { year: index % 2 === 0 ? 0 : 2026, month: (index % 12) + 1, day: (index % 28) + 1 },
        displayName: `Holiday number ${index + 1}`,
      })),
    }),
  },
};
