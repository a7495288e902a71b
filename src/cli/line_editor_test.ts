/** The line that a person edits: which keys end it, and which pastes it takes. */
import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { LineEditor } from "./line_editor.ts";

/** An editor of the line `ls`, and its keys. */
function opened() {
  const terminal = new MemoryTerminal({ terminals: ["stdin", "stderr"] });
  const clock = new ManualClock();
  const editor = new LineEditor(terminal, { prompt: "> ", line: "ls", clock });
  const encoder = new TextEncoder();
  return { terminal, clock, editor, type: (text: string) => editor.type(encoder.encode(text)) };
}

Deno.test("Enter after an Esc is Enter, and Enter with other keys doesn't end the line", async () => {
  const { clock, editor, type } = opened();
  using _editor = editor;
  assert.equal(await type("\x1b"), undefined);
  clock.advance(60);
  assert.equal(await type(" -l\r"), undefined);
  assert.deepEqual(await type("\r"), { line: "ls -l" });
});

Deno.test("a paste is inserted in one line, and one of several lines is refused with the reason", async () => {
  const { terminal, editor, type } = opened();
  using _editor = editor;
  await type("\x1b[200~ /tmp\r\x1b[201~");
  await type("\x1b[200~ # all\rrm -r /\x1b[201~");
  assert.match(terminal.written("stderr"), /several lines were pasted, and this takes one/);
  assert.deepEqual(await type("\r"), { line: "ls /tmp" });
});

Deno.test("Ctrl-C ends the line without one, also after a sequence that was cut", async () => {
  const { editor, type } = opened();
  using _editor = editor;
  await type("\x1b[1;");
  assert.deepEqual(await type("\x03"), {});
});
