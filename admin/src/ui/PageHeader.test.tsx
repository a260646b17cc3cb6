import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { PageHeader } from "./PageHeader";

it("names the page in the tab for as long as it is shown", () => {
  document.title = "Rodistaa Tickets";
  const { rerender, unmount } = render(<PageHeader title="Exports" />);
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Exports");
  expect(document.title).toBe("Exports · Rodistaa Tickets");
  rerender(<PageHeader title="Directory" />);
  expect(document.title).toBe("Directory · Rodistaa Tickets");
  unmount();
  expect(document.title).toBe("Rodistaa Tickets");
});
