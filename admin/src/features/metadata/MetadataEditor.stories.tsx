import type { Meta, StoryObj } from "@storybook/react-vite";
import { Form } from "antd";
import { userEvent, within } from "storybook/test";
import { METADATA_EXTRA, MetadataItem } from "./MetadataItem";
import { draftOf, type Metadata } from "./metadataDraft";

function Example({ metadata, disabled = false }: { metadata: Metadata; disabled?: boolean }) {
  return (
    <Form layout="vertical" initialValues={{ metadata: draftOf(metadata) }} style={{ maxWidth: 592, padding: 16 }}>
      <MetadataItem extra={METADATA_EXTRA} disabled={disabled} />
    </Form>
  );
}

const meta = {
  title: "Metadata/MetadataEditor",
  component: Example,
  args: { metadata: { route: "Pune to Chennai", amount_inr: 48500, paid: false } },
} satisfies Meta<typeof Example>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Filled: Story = {};

export const Empty: Story = { args: { metadata: {} } };

export const Disabled: Story = { args: { disabled: true } };

export const Many: Story = {
  args: {
    metadata: Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [
        `leg_${index + 1}`,
        `Toll plaza ${index + 1}: ${"waited ".repeat(20)}`,
      ]),
    ),
  },
};

export const LongText: Story = {
  args: {
    metadata: {
      ["a_name_that_somebody_made_as_long_as_it_may_be_".repeat(3)]: "one line after another\n".repeat(30),
      link: `https://example.com/${"without-a-place-to-break-".repeat(12)}`,
    },
  },
};

export const RightToLeft: Story = { args: { metadata: { السائق: "محمد عبد الرحمن", מספר: "קבלה 48213", paid: true } } };

export const Nested: Story = {
  args: {
    metadata: {
      party: { name: "Asha Transport", gst: "27ABCDE1234F1Z5", phones: ["+919812345678"] },
      legs: [1, 2, 3],
      checked_at: null,
    },
  },
};

/** As it is after the rows were left. */
export const Errors: Story = {
  play: async () => {
    const page = within(document.body);
    await userEvent.type(await page.findByRole("textbox", { name: "Row 2, value" }), ",50");
    await userEvent.click(page.getByRole("button", { name: "Add a row" }));
    await userEvent.type(await page.findByRole("textbox", { name: "Row 4, name" }), "route");
    await userEvent.click(page.getByRole("button", { name: "Add a row" }));
    await userEvent.type(await page.findByRole("textbox", { name: "Row 5, value" }), "of no name");
    await userEvent.click(page.getByRole("button", { name: "Edit as JSON" }));
    await page.findByText("Mend the rows that are marked first.");
    await page.findByText("Give it a name.");
  },
};

export const AsJson: Story = {
  args: Nested.args ?? {},
  play: async () => {
    await userEvent.click(await within(document.body).findByRole("button", { name: "Edit as JSON" }));
    await within(document.body).findByRole("textbox", { name: "Metadata as JSON" });
  },
};

export const NoJson: Story = {
  play: async () => {
    const page = within(document.body);
    await userEvent.click(await page.findByRole("button", { name: "Edit as JSON" }));
    await userEvent.type(await page.findByRole("textbox", { name: "Metadata as JSON" }), ",");
    await userEvent.click(page.getByRole("button", { name: "Edit as rows" }));
    await page.findByRole("alert");
  },
};

/** JSON of which reading would lose something. */
export const Lossy: Story = {
  args: { metadata: { legs: [1, 2], party: { name: "Asha" } } },
  play: async () => {
    const page = within(document.body);
    const fill = async (row: number, json: string) => {
      const field = await page.findByRole("textbox", { name: `Row ${row}, value` });
      await userEvent.clear(field);
      await userEvent.click(field);
      await userEvent.paste(json);
    };
    await fill(1, "[9007199254740993]");
    await fill(2, '{"name": "Asha", "name": "Ravi"}');
    await userEvent.tab();
    await page.findByText(/^9007199254740993: This has more digits/);
    await page.findByText('The name "name" stands there twice.');
  },
};

export const TooLarge: Story = {
  args: { metadata: { first: "x".repeat(8_000), second: "y".repeat(8_300) } },
  play: async () => {
    const page = within(document.body);
    await userEvent.type(
      await page.findByRole("textbox", { name: "Row 1, name" }),
      "-and-more-than-the-rest-of-it".repeat(4),
    );
    await page.findByText("16.1 of 16 KiB");
  },
};
