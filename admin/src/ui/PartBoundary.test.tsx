import { screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { renderView } from "@/testing/render";
import { PartBoundary } from "./PartBoundary";

function Gone(): never {
  throw new TypeError("Failed to fetch dynamically imported module");
}

it("keeps what is around a part that fails", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  renderView(
    <>
      <textarea aria-label="Message" defaultValue="half a message" />
      <PartBoundary>
        <Gone />
      </PartBoundary>
    </>,
  );
  expect(await screen.findByText("This part could not be loaded")).toBeVisible();
  expect(screen.getByLabelText("Message")).toHaveValue("half a message");
});
