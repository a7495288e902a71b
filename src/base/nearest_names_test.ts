import assert from "node:assert/strict";
import { nearestNames } from "./nearest_names.ts";

Deno.test("`nearestNames()` counts two swapped letters as one slip, and offers nothing that is far", async () => {
  assert.deepEqual(await nearestNames("wbe", ["web", "db", "w"]), ["web"]);
  assert.deepEqual(await nearestNames("lgos", ["logs", "pods"], 1), ["logs"]);
  assert.deepEqual(await nearestNames("db-O", ["web-0", "db-0"], 1), ["db-0"]);
  assert.deepEqual(await nearestNames("wbe", ["cache", "nginx"]), []);
});
