import assert from "node:assert/strict";
import type { Style } from "../terminal/style.ts";
import { highlighted } from "./kubectl_output.ts";

/** Marks instead of escape sequences. */
const marks: Style = {
  bold: (text) => `*${text}*`,
  dim: (text) => `~${text}~`,
  red: (text) => `r(${text})`,
  green: (text) => `g(${text})`,
  yellow: (text) => text === "" ? "" : `y(${text})`,
  hue: (_number, text) => text,
};

Deno.test("highlighted(): a diff has an object's name in place of temporary files, and colours", () => {
  const diff = [
    "diff -u -N /tmp/LIVE-1/v1.ConfigMap.shop.cache /tmp/MERGED-2/v1.ConfigMap.shop.cache",
    "--- /tmp/LIVE-1/v1.ConfigMap.shop.cache\t2026-01-01",
    "+++ /tmp/MERGED-2/v1.ConfigMap.shop.cache\t2026-01-01",
    "@@ -1,3 +1,3 @@",
    " data:",
    '-  size: "10"',
    '+  size: "\u001b[2J20"',
    "",
  ].join("\n");
  assert.equal(
    highlighted("diff", diff, marks),
    [
      "*v1.ConfigMap.shop.cache*",
      "~@@ -1,3 +1,3 @@~",
      " data:",
      'r(-  size: "10")',
      'g(+  size: "\\x1b[2J20")',
      "",
    ].join("\n"),
  );
});

Deno.test("highlighted(): explain, api-resources and api-versions only get weights", () => {
  assert.equal(
    highlighted(
      "explain",
      "KIND:       Pod\nFIELDS:\n  spec\t<PodSpec> -required-\n    What it is.\n",
      marks,
    ),
    "*KIND:*       Pod\n*FIELDS:*\n  *spec*\t~<PodSpec>~y( -required-)\n    What it is.\n",
  );
  assert.equal(
    highlighted("api-resources", "NAME   SHORTNAMES\npods   po\n", marks),
    "~NAME   SHORTNAMES~\n*pods*   po\n",
  );
  assert.equal(highlighted("api-versions", "apps/v1\nv1\n", marks), "*apps*~/v1~\nv1\n");
});
