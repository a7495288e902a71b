/** The names under which kodama is started. */
import assert from "node:assert/strict";
import { startedAs } from "./program.ts";

Deno.test("`startedAs()`: `kpod weka` is kwekash, and nothing else of that name is", () => {
  const { program, args } = startedAs("/usr/bin/kpod", ["weka", "--diff", "--", "id"]);
  assert.deepEqual(program.prefix, ["run", "kwekash"]);
  assert.equal(program.spoken, "kpod weka");
  assert.equal(program.shippedOnly, true);
  assert.deepEqual(args, ["--diff", "--", "id"]);
  for (const given of [["web", "weka"], ["-m", "weka", "--", "id"], []]) {
    const { program, args } = startedAs("kpod", given);
    assert.deepEqual([program.prefix, args], [["exec"], given]);
  }
  assert.deepEqual(startedAs("kodama", ["weka"]).args, ["weka"]);
});
