import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Link, MemoryRouter, Route, Routes } from "react-router";
import { expect, it } from "vitest";
import { PageHeader } from "./PageHeader";

it("names the page in the tab for as long as it is shown", () => {
  document.title = "Rodistaa Tickets";
  const { rerender, unmount } = render(<PageHeader title="Exports" />, { wrapper: MemoryRouter });
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Exports");
  expect(document.title).toBe("Exports · Rodistaa Tickets");
  rerender(<PageHeader title="Directory" />);
  expect(document.title).toBe("Directory · Rodistaa Tickets");
  unmount();
  expect(document.title).toBe("Rodistaa Tickets");
});

function Site() {
  return (
    <>
      <nav>
        <Link to="/exports">Exports</Link>
      </nav>
      <Routes>
        <Route path="/" element={<PageHeader key="directory" title="Directory" />} />
        <Route path="/exports" element={<PageHeader key="exports" title="Exports" />} />
      </Routes>
    </>
  );
}

it("takes the focus to the heading of a page that one goes to, and leaves it on the first", async () => {
  const user = userEvent.setup();
  render(<Site />, { wrapper: MemoryRouter });
  expect(document.body).toHaveFocus();
  await user.tab();
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("heading", { name: "Exports" })).toHaveFocus();
});
