import assert from "node:assert/strict";
import { portNumber } from "./state.ts";
import { BadValue } from "../../parser/flag.ts";

Deno.test("a port is a number up to 65535, and 0 is any free one", () => {
  assert.equal(portNumber("6443"), 6443);
  assert.equal(portNumber("65535"), 65_535);
  assert.equal(portNumber("0"), undefined);
  for (const bad of ["", "-1", "65536", "http", "1.5"]) {
    assert.throws(() => portNumber(bad), BadValue, bad);
  }
});
