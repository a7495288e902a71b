import assert from "node:assert/strict";
import { copiedPath } from "./scripts.ts";
import { refusalText } from "./refusals.ts";

for (
  const [words, text] of [
    [["missing"], "/etc/x: no such file or directory in the pod"],
    [["unreadable"], "/etc/x: permission denied in the pod"],
    [["noFolder"], "directory /etc/x does not exist in the pod"],
    [["noParent"], "the parent directory of /etc/x does not exist in the pod"],
    [["isFolder"], "/etc/x is a directory in the pod"],
  ] as const
) {
  Deno.test(`refusalText() names the path: ${words}`, () => {
    const { path } = copiedPath("send", ["sha256", "/etc/x"]);
    assert.equal(refusalText(words, path), text);
  });
}
