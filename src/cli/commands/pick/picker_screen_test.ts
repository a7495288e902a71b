import assert from "node:assert/strict";
import { ManualClock, quiet } from "../../../base/testing/manual_clock.ts";
import { PumpedSink } from "../../../terminal/sink.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import type { PickState } from "../../../pick/state.ts";
import { step } from "../../../pick/step.ts";
import { picker, typed } from "../../../pick/testing/sample_picker.ts";
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

Deno.test("help takes the alternate screen, and gives the picker's rows back as they were", async () => {
  const clock = new ManualClock();
  const terminal = new MemoryTerminal();
  const options = { place: "inline", color: false, mouse: true } as const;
  const { stderr } = terminal;
  const atEnd = (lastWords: () => string) => terminal.atEnd(lastWords);
  const drawn = async (state: PickState): Promise<string> => {
    const before = terminal.written("stderr").length;
    screen.show(state);
    screen.draw();
    await stderr.flush();
    await quiet();
    return terminal.written("stderr").slice(before);
  };
  await using screen = new PickerScreen({ stderr, atEnd }, clock, options);
  const list = picker(["web-0", "web-1"], {}, { columns: 60, rows: 5 });
  assert.match(await drawn(list), /web-1/);
  const whole = step(list, { kind: "resize", columns: 60, rows: 5, screenRows: 60 });
  const help = await drawn(step(whole, typed("?")));
  assert.ok(help.startsWith("\x1b[?1049h"));
  assert.match(help, /ctrl-y/, "all of it is shown");
  const back = await drawn(whole);
  // deno-lint-ignore no-control-regex -- this matches escape sequences
  assert.match(back, /\x1b\[\?1049l.*\x1b\[\?25l.*\x1b\[\?1000h/s);
  assert.doesNotMatch(back, /web-1/, "the rows are still there");
  await drawn(step(whole, typed("?")));
  assert.ok(terminal.lastWords?.().includes("\x1b[?1049l"), "an end in the help leaves its screen");
});
