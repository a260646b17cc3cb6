import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { test } from "node:test";

import * as v1 from "../src/v1.js";

test("everything generated from the contract is exported", async () => {
  const generated = new URL("../src/gen/rodistaa/tickets/v1/", import.meta.url);
  for (const file of (await readdir(generated)).filter((each) => each.endsWith("_pb.js"))) {
    const module: object = await import(new URL(file, generated).href);
    for (const name of Object.keys(module)) {
      assert.ok(name in v1, `${name} of ${file} is missing from src/v1.ts`);
    }
  }
});
