import { expect, it } from "vitest";
import { DUE_PRESETS, PAST_PRESETS } from "./rangePresets";

const NOW = new Date("2026-11-23T04:30:00Z");

it("spans from now are made absolute at the press", () => {
  const hour = DUE_PRESETS.find(({ label }) => label === "In the next hour");
  expect(hour?.resolve(NOW)).toEqual({ start: "2026-11-23T04:30:00.000Z", end: "2026-11-23T05:30:00.000Z" });
});

it.each([...DUE_PRESETS, ...PAST_PRESETS])("$label is a range that the API takes", ({ resolve }) => {
  const { start, end } = resolve(NOW);
  expect(start ?? end).toBeDefined();
  if (start && end) {
    expect(Date.parse(end)).toBeGreaterThan(Date.parse(start));
  }
});
