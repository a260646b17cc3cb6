import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import type { ExportJob } from "@/api/schemas";
import { completedExport, exportFixture, exportFixtures } from "@/fixtures/exports";
import { daysFromNow } from "@/fixtures/now";
import { ExportsPage } from "./ExportsPage";

const list = (exportJobs: readonly ExportJob[], nextPageToken = "") =>
  http.get("*/admin/exports", () => HttpResponse.json({ exportJobs, nextPageToken }));

const many = Array.from({ length: 120 }, (_, index) => ({
  ...completedExport,
  id: `many-${index}`,
  createdAt: daysFromNow(-index),
  expiresAt: daysFromNow(3 - index),
}));

const meta = {
  title: "Exports/ExportsPage",
  component: ExportsPage,
  parameters: { msw: { handlers: { list: list(exportFixtures) } } },
} satisfies Meta<typeof ExportsPage>;
export default meta;

type Story = StoryObj<typeof meta>;

export const EveryState: Story = {};

export const Many: Story = { parameters: { msw: { handlers: { list: list(many, "more") } } } };

export const Empty: Story = { parameters: { msw: { handlers: { list: list([]) } } } };

export const NoneInThatState: Story = {
  parameters: { route: "/admin/exports?status=failed", msw: { handlers: { list: list([]) } } },
};

/** Its total is not known yet. */
export const JustBegun: Story = {
  parameters: {
    msw: {
      handlers: {
        list: list([
          exportFixture({ processedRecords: "0", totalRecords: undefined, estimatedCompletionAt: undefined }),
        ]),
      },
    },
  },
};

export const Loading: Story = {
  parameters: { msw: { handlers: { list: http.get("*/admin/exports", () => delay("infinite")) } } },
};

export const Failing: Story = {
  parameters: {
    msw: {
      handlers: {
        list: http.get("*/admin/exports", () =>
          HttpResponse.json({ code: 13, message: "Something went wrong on our side." }, { status: 500 }),
        ),
      },
    },
  },
};

export const NotForThisRole: Story = {
  parameters: {
    msw: {
      handlers: {
        me: http.get("*/admin/me", () =>
          HttpResponse.json({ userId: "priya", role: "ROLE_OPS_AGENT", permissions: ["PERMISSION_STAFF"] }),
        ),
      },
    },
  },
};
