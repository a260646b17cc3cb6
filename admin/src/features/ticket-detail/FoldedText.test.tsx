import { fireEvent, render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { expect, it, vi } from "vitest";
import { FoldedText } from "./FoldedText";

it.each([
  ["unfolds where the browser goes to what the fold hides", 400, ["true"]],
  ["has nothing to unfold where all is shown", 80, []],
])("%s", (_what, height, expanded) => {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(80);
  vi.spyOn(Element.prototype, "scrollHeight", "get").mockReturnValue(height);
  const { container } = render(
    <MemoryRouter>
      <FoldedText text={"One line.\nTKT-1002"} lines={1} />
    </MemoryRouter>,
  );
  const text = container.querySelector(".plain-text") as HTMLElement;
  text.scrollTop = 20;
  fireEvent.scroll(text);
  expect(screen.queryAllByRole("button").map((button) => button.getAttribute("aria-expanded"))).toEqual(expanded);
});
