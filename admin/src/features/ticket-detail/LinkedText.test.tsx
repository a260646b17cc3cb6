import { render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { expect, it } from "vitest";
import { LinkedText } from "./LinkedText";

const show = (text: string, at = "/admin/tickets") =>
  render(
    <MemoryRouter initialEntries={[at]}>
      <LinkedText text={text} />
    </MemoryRouter>,
  );

it("shows an address whole, from left to right whatever stands before it, and leads there", () => {
  show("\u202ehttps://x.example/ni.aatsidor//:sptth\u202c");
  const link = screen.getByRole("link", { name: "https://x.example/ni.aatsidor//:sptth" });
  expect(link).toHaveAttribute("href", "https://x.example/ni.aatsidor//:sptth");
  expect(link).toHaveAttribute("rel", "noopener noreferrer");
  expect(link.firstElementChild?.outerHTML).toBe('<bdi dir="ltr">https://x.example/ni.aatsidor//:sptth</bdi>');
});

it("leads to a ticket over the same list", () => {
  show("\u202esee TKT-1003", "/admin/tickets?queue=mine");
  const link = screen.getByRole("link", { name: "TKT-1003" });
  expect(link).toHaveAttribute("href", "/admin/tickets/TKT-1003?queue=mine");
  expect(link.firstElementChild).toHaveAttribute("dir", "ltr");
});
