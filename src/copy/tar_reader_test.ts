/** Names of archives as paths below a folder, compared with another implementation of the same rule. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { safePath } from "./tar_reader.ts";
import { TarError } from "./tar_header.ts";

Deno.test("a path has the parts of its name but for dots, and none that leads up or begins at the root", () => {
  const part = fc.constantFrom("", ".", "..", "...", "a", ".b", "c.", "\xff");
  fc.assert(fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
    const name = parts.join("/");
    const bytes = Uint8Array.from(name, (one) => one.charCodeAt(0));
    if (name.startsWith("/") || name.split("/").includes("..")) {
      assert.throws(() => safePath(bytes), TarError);
      return;
    }
    const path = String.fromCharCode(...safePath(bytes));
    assert.equal(path, name.split("/").filter((one) => !["", "."].includes(one)).join("/"));
  }));
});

Deno.test("a path is its own, and holds no NUL", () => {
  const name = new TextEncoder().encode("a/b");
  const path = safePath(name);
  name.fill(0);
  assert.deepEqual(path, new TextEncoder().encode("a/b"));
  assert.throws(() => safePath(Uint8Array.of(0x61, 0)), /NUL/);
});
