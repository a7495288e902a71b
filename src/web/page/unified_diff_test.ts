import assert from "node:assert/strict";
import { diffFiles } from "./unified_diff.ts";

Deno.test("`diffFiles()` separates files, and counts their lines", () => {
  const files = diffFiles(`diff --git a/src/a b.ts b/src/a b.ts
index 1..2 100644
--- a/src/a b.ts\t
+++ b/src/a b.ts\t
@@ -1,3 +1,3 @@ function x()
 same
--- a/looks like a header
+++ b/looks like one too
 
\\ No newline at end of file
diff --git a/new b/new
new file mode 100644
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+<script>alert(1)</script>
diff --git a/old.png b/gone.png
similarity index 90%
rename from old.png
rename to gone.png
Binary files a/old.png and b/gone.png differ
`);
  assert.deepEqual(files.map(({ path, added, removed }) => [path, added, removed]), [
    ["src/a b.ts", 1, 1],
    ["new", 1, 0],
    ["old.png → gone.png", 0, 0],
  ]);
  assert.deepEqual(files[0]?.lines, [
    { kind: "hunk", text: "@@ -1,3 +1,3 @@ function x()" },
    { kind: "same", text: "same" },
    { kind: "removed", text: "-- a/looks like a header" },
    { kind: "added", text: "++ b/looks like one too" },
    { kind: "same", text: "" },
    { kind: "note", text: "No newline at end of file" },
  ]);
  assert.deepEqual(files[1]?.lines[1], { kind: "added", text: "<script>alert(1)</script>" });
  assert.deepEqual(files[2]?.notes, ["Binary files a/old.png and b/gone.png differ"]);
});

Deno.test("`diffFiles()` returns nothing for no diff, and survives one that is cut", () => {
  assert.deepEqual(diffFiles(""), []);
  const cut = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n same\n-ol";
  assert.equal(diffFiles(cut)[0]?.removed, 1);
});
