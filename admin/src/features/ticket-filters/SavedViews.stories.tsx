import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import type { ListAddress } from "@/features/ticket-list/listAddress";
import { listHandlers } from "@/features/ticket-list/listHandlers";
import { savedViewFixture } from "@/fixtures/savedViews";
import { SavedViews } from "./SavedViews";
import { SaveViewModal } from "./SaveViewModal";
import { ViewConflict } from "./ViewConflict";
import { ViewsMenu } from "./ViewsMenu";

const ALL: ListAddress = { filter: {}, query: "", order: "created_at desc", pageSize: 50, viewId: undefined };
const { id, filter = {} } = savedViewFixture();
const nothing = () => undefined;

const meta = {
  title: "Tickets/SavedViews",
  component: SavedViews,
  args: { address: ALL, onChange: nothing },
  parameters: { msw: { handlers: listHandlers } },
} satisfies Meta<typeof SavedViews>;
export default meta;

type Story = StoryObj<typeof meta>;

export const All: Story = {};

/** A filter that is no view yet. */
export const NotSaved: Story = { args: { address: { ...ALL, filter: { tagsAny: ["kyc"] } } } };

export const Saved: Story = { args: { address: { ...ALL, filter, order: "sla_due_at asc", viewId: id } } };

/** Taken from a view, and changed since. */
export const Changed: Story = { args: { address: { ...ALL, filter, viewId: id } } };

export const Menu: Story = {
  render: () => (
    <ViewsMenu address={{ ...ALL, filter, viewId: id }} onApply={nothing} onSave={nothing} onDeleted={nothing} />
  ),
};

export const MenuLoading: Story = {
  ...Menu,
  parameters: {
    msw: {
      handlers: {
        views: http.get("*/admin/saved-views", async () => {
          await delay("infinite");
          return new HttpResponse();
        }),
      },
    },
  },
};

export const MenuEmpty: Story = {
  ...Menu,
  parameters: { msw: { handlers: { views: http.get("*/admin/saved-views", () => HttpResponse.json({})) } } },
};

export const MenuRefused: Story = {
  ...Menu,
  parameters: {
    msw: {
      handlers: {
        views: http.get("*/admin/saved-views", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong here." }, { status: 500 }),
        ),
      },
    },
  },
};

export const Save: Story = {
  render: () => (
    <SaveViewModal address={{ ...ALL, filter, order: "sla_due_at asc" }} onClose={nothing} onSaved={nothing} />
  ),
};

/** Somebody, in another tab perhaps, was faster. */
export const Conflict: Story = {
  render: () => (
    <ViewConflict
      conflict={{
        before: savedViewFixture(),
        theirs: savedViewFixture({ filter: { tagsAny: ["kyc"] }, orderBy: "created_at desc" }),
        change: { filter, orderBy: "sla_due_at asc" },
        done: "",
      }}
      saving={false}
      onKeepTheirs={nothing}
      onKeepMine={nothing}
    />
  ),
};
