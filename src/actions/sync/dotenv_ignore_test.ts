import assert from "node:assert/strict";
import { keptHere } from "./dotenv_ignore.ts";

Deno.test("the files of a folder are left out one by one, and no namesake of theirs", () => {
  const files = ["/home/me/app/.env", "/home/me/app/conf/[a] b*.env", "/home/me/.env", "/etc/.env"];
  assert.deepEqual(keptHere("/home/me/app", files), ["/.env", "/conf/\\[a\\]\\ b\\*.env"]);
  assert.deepEqual(keptHere("/home/me/ap", files), []);
  assert.deepEqual(keptHere("/", ["/etc/.env"]), ["/etc/.env"]);
});
