import type { Meta, StoryObj } from "@storybook/react-vite";
import { expect, screen, userEvent, waitFor } from "storybook/test";
import { FoldedText } from "./FoldedText";
import "./ticket-detail.css";

const meta = {
  title: "Ticket detail/FoldedText",
  component: FoldedText,
  args: { lines: 4, text: "The receipt is at https://pay.example/r?id=48213, as in TKT-1003 (and TKT-1004)." },
} satisfies Meta<typeof FoldedText>;

export default meta;
type Story = StoryObj<typeof meta>;

export const Links: Story = {};

/** Marks of direction before an address and in it, and hosts that are not those which are read. */
export const Disguised: Story = {
  args: {
    lines: 12,
    text: [
      "\u202ehttps://x.example/ni.aatsidor//:sptth\u202c",
      "\u202e3001-TKT TKT-1003\u202c",
      "https://x.example/\u202eni.aatsidor\u202c",
      "https://rodistaa.in@x.example/",
      "https://rоdistaa.in/",
      "https://0x7f000001/",
    ].join("\n"),
  },
  play: async () => {
    const links = screen.getAllByRole("link").map((link) => link.textContent);
    await expect(links).toEqual(["https://x.example/ni.aatsidor//:sptth", "TKT-1003", "https://x.example/"]);
  },
};

export const RightToLeft: Story = {
  args: { text: "الإيصال في https://pay.example/إيصال/48213?id=1، كما في TKT-1003." },
};

const long = `See TKT-1001.\n${"One line after another.\n".repeat(12)}And TKT-1002.`;

export const Folded: Story = { args: { text: long } };

/** A link that the fold hides is reached by the keyboard. */
export const Unfolded: Story = {
  args: { text: long },
  play: async () => {
    const more = await screen.findByRole("button", { name: "Show all" });
    more.focus();
    await userEvent.tab({ shift: true });
    const hidden = screen.getByRole("link", { name: "TKT-1002" });
    await expect(hidden).toHaveFocus();
    await waitFor(() => expect(more).toHaveAttribute("aria-expanded", "true"));
    await expect(hidden.getBoundingClientRect().bottom).toBeLessThan(more.getBoundingClientRect().top + 1);
    const first = screen.getByRole("link", { name: "TKT-1001" });
    await userEvent.click(more);
    await expect(more).toHaveAttribute("aria-expanded", "false");
    await expect(first.getBoundingClientRect().top).toBeGreaterThan(0);
    await userEvent.click(more);
  },
};
