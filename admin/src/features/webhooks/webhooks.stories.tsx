import type { Meta, StoryObj } from "@storybook/react-vite";
import { delay, HttpResponse, http } from "msw";
import { screen, userEvent, within } from "storybook/test";
import type { Webhook } from "@/api/schemas";
import { deliveryFixture, deliveryFixtures, webhookFixture, webhookFixtures } from "@/fixtures/webhooks";
import { WebhooksPage } from "./WebhooksPage";

const list = (webhooks: readonly Webhook[]) => http.get("*/admin/webhooks", () => HttpResponse.json({ webhooks }));
const deliveries = (shown: unknown, nextPageToken = "") =>
  http.get("*/admin/webhooks/:id/deliveries", () => HttpResponse.json({ deliveries: shown, nextPageToken }));

const meta = {
  title: "Webhooks/WebhooksPage",
  component: WebhooksPage,
  parameters: { msw: { handlers: { list: list(webhookFixtures), deliveries: deliveries(deliveryFixtures) } } },
} satisfies Meta<typeof WebhooksPage>;
export default meta;

type Story = StoryObj<typeof meta>;

export const Some: Story = {};

export const Empty: Story = { parameters: { msw: { handlers: { list: list([]) } } } };

export const Loading: Story = {
  parameters: { msw: { handlers: { list: http.get("*/admin/webhooks", () => delay("infinite")) } } },
};

export const Failing: Story = {
  parameters: {
    msw: {
      handlers: {
        list: http.get("*/admin/webhooks", () =>
          HttpResponse.json({ code: 14, message: "The service is away for a moment." }, { status: 503 }),
        ),
      },
    },
  },
};

export const HowSignaturesAreChecked: Story = {
  async play({ canvasElement }) {
    await userEvent.click(await within(canvasElement).findByText(/How a receiver checks/));
  },
};

const openForm: Story["play"] = async ({ canvasElement }) => {
  await userEvent.click(await within(canvasElement).findByRole("button", { name: /New webhook/ }));
  await screen.findByRole("dialog");
};

export const Creating: Story = { play: openForm };

/** The address is refused by the service, beside its field. */
export const Refused: Story = {
  parameters: {
    msw: {
      handlers: {
        create: http.post("*/admin/webhooks", () =>
          HttpResponse.json(
            {
              code: 3,
              message: "The request is not valid.",
              details: [
                {
                  "@type": "type.googleapis.com/google.rpc.BadRequest",
                  fieldViolations: [{ field: "webhook.url", description: "is inside the operator's own network" }],
                },
              ],
            },
            { status: 400 },
          ),
        ),
      },
    },
  },
  async play(context) {
    await openForm(context);
    await fill();
    await screen.findByText(/operator's own network/);
  },
};

export const SecretShownOnce: Story = {
  parameters: {
    msw: {
      handlers: {
        create: http.post("*/admin/webhooks", () =>
          HttpResponse.json(webhookFixture({ secret: "whsec_c2FtcGxlIHNlY3JldCBvZiBhIHN0b3J5IG9ubHk=" })),
        ),
      },
    },
  },
  async play(context) {
    await openForm(context);
    await fill();
    await screen.findByText("It is shown this once");
  },
};

async function fill() {
  const form = within(await screen.findByRole("dialog"));
  await userEvent.type(form.getByLabelText("Name"), "Ledger");
  await userEvent.type(form.getByLabelText("Address"), "https://10.0.0.1/hook");
  await userEvent.click(form.getByRole("button", { name: "Create webhook" }));
}

const openDeliveries: Story["play"] = async ({ canvasElement }) => {
  const [first] = await within(canvasElement).findAllByRole("button", { name: "Deliveries" });
  if (first) {
    await userEvent.click(first);
  }
  await screen.findByRole("dialog");
};

export const Deliveries: Story = { play: openDeliveries };

export const ManyDeliveries: Story = {
  parameters: {
    msw: {
      handlers: {
        deliveries: deliveries(
          Array.from({ length: 100 }, (_, index) => deliveryFixture({ id: `delivery-${index}` })),
          "more",
        ),
      },
    },
  },
  play: openDeliveries,
};

export const NoDeliveries: Story = {
  parameters: { msw: { handlers: { deliveries: deliveries([]) } } },
  play: openDeliveries,
};

export const DeliveriesLoading: Story = {
  parameters: {
    msw: { handlers: { deliveries: http.get("*/admin/webhooks/:id/deliveries", () => delay("infinite")) } },
  },
  play: openDeliveries,
};
