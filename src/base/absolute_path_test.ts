import assert from "node:assert/strict";
import { absolutePath } from "./absolute_path.ts";

Deno.test("`absolutePath()` resolves a path from the working directory", () => {
  const cases: readonly [path: string, workingDir: string, expected: string][] = [
    ["../b/./c//d", "/home/a", "/home/b/c/d"],
    ["../x/./y//z", "/home/me", "/home/x/y/z"],
    ["/x/../../y", "/home/a", "/y"],
    [".", "/home/a/", "/home/a"],
    ["..", "/", "/"],
    ["C:/a/../b", "/home", "C:/b"],
    ["C:\\a", "C:/home", "C:\\a"],
    ["c:a", "/home", "/home/c:a"],
  ];
  for (const [path, workingDir, expected] of cases) {
    assert.equal(absolutePath(path, workingDir), expected, path);
  }
});
