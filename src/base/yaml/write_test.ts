import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { yamlText } from "./write.ts";

/** Texts that readers of YAML 1.1 take for another value than a text, or for another text. */
const hard = [
  ..."yes No on OFF y n ~ null 0777 0o17 1_000 12:30 12:30:45 2001-01-01 0b1 .5 .inf 1e3 = << -"
    .split(
      " ",
    ),
  ...["", " ", "a\u2028b", "a\u0085b\n", "\x7f", "\x80", "\ufeffa", "\u202emoc.live\u202c", "a\rb"],
  ...[
    "a\n",
    "a\n\n",
    "\n",
    " \n",
    "  \n\n",
    "\ta\nb\n",
    " a\nb",
    "a\n---\nb\n",
    "x: y",
    "- a",
    "a #b",
  ],
];

Deno.test("every text is read back by readers of YAML 1.1 and 1.2, as a key too", () => {
  const piece = fc.constantFrom(...hard, "\t", " ", "\n", "'", '"', "\\", ":", "#", "\x07", "木");
  const text = fc.oneof(
    fc.constantFrom(...hard),
    fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(text, (one) => {
      const value = { data: { [`k${one}`]: one }, list: [one] };
      const document = yamlText(value);
      assert.deepEqual(parse(document, { version: "1.1" }), value);
      assert.deepEqual(parse(document), value);
      // Ends of lines to some readers, and refused by others.
      assert.doesNotMatch(document, /[\x7f-\x9f\u2028\u2029\ufeff]/);
    }),
    { numRuns: 500 },
  );
});

Deno.test("kubectl's reader refuses a block that starts with a tab, and loses blanks without a text", () => {
  assert.equal(yamlText({ a: "\tb\nc\n" }), 'a: "\\tb\\nc\\n"\n');
  assert.equal(yamlText({ a: " \n" }), 'a: "\\ \\n"\n');
});

Deno.test("long lines aren't folded, and repeated values are repeated", () => {
  const line = "word ".repeat(40).trim();
  const labels = { app: "web" };
  assert.equal(
    yamlText({ line, a: labels, b: labels }),
    `line: ${line}\na:\n  app: web\nb:\n  app: web\n`,
  );
});
