import assert from "node:assert/strict";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import { PumpedSink } from "../../term/sink.ts";
import { MemoryTerminal } from "../../term/testing/memory_terminal.ts";
import { PickerScreen } from "./picker_screen.ts";

Deno.test("a slow terminal has been given back before anything is written on another stream", async () => {
  let seen = "";
  const slow = new PumpedSink({
    write: async (bytes) => {
      await quiet();
      seen += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  }, "stderr");
  const terminal = new MemoryTerminal();
  const stderr = Object.assign(slow, { isTerminal: true });
  const atEnd = (lastWords: () => string) => terminal.atEnd(lastWords);
  const options = { place: "inline", color: false, mouse: false } as const;
  {
    await using _screen = new PickerScreen({ stderr, atEnd }, new ManualClock(), options);
  }
  assert.ok(seen.endsWith("\x1b[?25h"), "the cursor is shown again");
  assert.equal(terminal.lastWords, undefined);
});
