import assert from "node:assert/strict";
import fc from "fast-check";
import { tameLine } from "./tame.ts";

const lines: readonly (readonly [what: string, line: string, shown: string[]])[] = [
  ["plain text", "hello wörld ✓", ["hello wörld ✓"]],
  ["tabs", "a\tb", ["a\tb"]],
  ["colour, undone at the end", "\x1b[1;31mred", ["\x1b[1;31mred\x1b[0m"]],
  ["a cleared screen", "\x1b[2J\x1b[Hgone", ["gone"]],
  ["a title", "\x1b]0;owned\x07text", ["text"]],
  ["a title that never ends", "a\x1b]0;owned", ["a"]],
  ["a link", "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", ["text"]],
  ["a device control string", "\x1bP+q544e\x1b\\text", ["text"]],
  ["a cursor moved up", "\x1b[3Aup", ["up"]],
  ["a reset of everything", "\x1bcx", ["x"]],
  ["another character set", "\x1b(0x", ["x"]],
  ["an escape at the end", "x\x1b", ["x"]],
  ["bells and backspaces", "a\x07b\x08c", ["abc"]],
  ["C1 controls", "a\x9b2Jb\x85c", ["a\\u009b2Jb\\u0085c"]],
  ["overrides, isolates and marks of direction", "a\u202eb\u2066\u200f", [
    "a\\u202eb\\u2066\\u200f",
  ]],
  ["separators of lines", "a\u2028b\u2029", ["a\\u2028b\\u2029"]],
  ["a letter of a script from right to left", "שלום", ["שלום"]],
  ["a line end of Windows", "text\r", ["text"]],
  ["a progress bar", "10%\r50%\r100%", ["10%", "50%", "100%"]],
];

for (const [what, line, shown] of lines) {
  Deno.test(`on a terminal: ${what}`, () => assert.deepEqual(tameLine(line), shown));
}

const calm =
  // deno-lint-ignore no-control-regex -- this checks for remaining control characters
  /^(?:\x1b\[[0-9;:]*m|[^\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u206f])*$/;

Deno.test("property: nothing but colour and text comes through, and plain text unchanged", () => {
  const nasty = fc.string({
    unit: fc.constantFrom(
      ..."\x1b[]();?m0123ABHJKcP^_\\\x07\x08\r\t x\x9b\x90é\u202e\u2067\u2029\u200e".split(""),
    ),
  });
  fc.assert(fc.property(nasty, (line) => {
    for (const piece of tameLine(line)) {
      assert.match(piece, calm);
    }
  }));
  fc.assert(fc.property(fc.stringMatching(/^[ -~]*$/), (line) => {
    assert.deepEqual(tameLine(line), [line]);
  }));
});

Deno.test("tameLine() takes linear time for runs of characters that aren't shown", () => {
  for (const unit of ["\r", "\x1b", "\x1b[", "\x1b]", "\x1b[0", "\x07", "a\r"]) {
    const pieces = tameLine(`${unit.repeat(300_000)}x`);
    assert.ok(pieces.length > 0, unit);
  }
});
