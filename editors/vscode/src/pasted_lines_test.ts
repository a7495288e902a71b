import assert from "node:assert/strict";
import { withLinesOf } from "./pasted_lines.ts";

Deno.test("`withLinesOf()` restores the lines that an input box has joined, and changes nothing else", () => {
  const script = "cd /tmp # the scratch folder\r\nrm -f lock; touch did\n";
  const table: [text: string, source: string, expected: string][] = [
    [
      "cd /tmp # the scratch folder rm -f lock; touch did ",
      script,
      "cd /tmp # the scratch folder\nrm -f lock; touch did ",
    ],
    ["set -e; a b; echo $0", "a\nb", "set -e; a\nb; echo $0"],
    ["ab", "a\nb", "a\nb"],
    ["hostname", script, "hostname"],
    ["a b", "a b", "a b"],
    ["a $1 b", "$1\n$&", "a $1 b"],
    ["", "\n\n", ""],
  ];
  for (const [text, source, expected] of table) {
    assert.equal(withLinesOf(text, source), expected);
  }
});
