import { expect, it } from "vitest";

const SOURCES = import.meta.glob<string>("../**/*.tsx", { query: "?raw", import: "default", eager: true });

// The icons of @ant-design/icons name themselves: without one of the two, "user-switch Assign" is read aloud.
it.each(Object.entries(SOURCES).filter(([, source]) => source.includes("@ant-design/icons")))(
  "icons are decoration or have a name: %s",
  (_, source) => {
    const tags = source.match(/<[A-Z]\w*(?:Outlined|Filled|TwoTone)\b[^>]*>/g) ?? [];
    expect(tags.filter((tag) => !/aria-(hidden|label)/.test(tag))).toEqual([]);
  },
);
