import assert from "node:assert/strict";
import fc from "fast-check";
import { quoted } from "../base/shell_quote.ts";
import { anyText } from "../base/testing/any_text.ts";
import { environmentLines, fileLines } from "./start_task.ts";

Deno.test("whatever a person wrote is one word to a shell", async () => {
  const args = fc.sample(
    anyText().map((text) => text.replaceAll("\0", "")),
    300,
  );
  const script = `printf '%s\\0' ${["'", "$(id)", "a\nb", "-n", ...args].map(quoted).join(" ")}`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  const back = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
  const expected = ["'", "$(id)", "a\nb", "-n", ...args];
  // A lone surrogate can't be encoded; it becomes U+FFFD on the way to the shell.
  assert.deepEqual(back, expected.map((word) => word.toWellFormed()));
});

Deno.test("each line of a file stands behind a sign of its own", () => {
  const lines = fileLines({ prompt: ".\n=x\n\n+y", task: "{}\n" });
  assert.equal(lines, "=prompt\n+.\n+=x\n+\n++y\n=task\n+{}\n.\n");
});

Deno.test("what can't be in a file of text or a variable's name is refused", () => {
  assert.throws(() => fileLines({ prompt: "a\0b" }), {
    message: "the prompt holds a NUL, and isn't text",
  });
  assert.throws(() => environmentLines({ "A B": "c" }), {
    message: "A B can't be the name of a variable",
  });
});
