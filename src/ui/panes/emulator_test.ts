import assert from "node:assert/strict";
import { lineText } from "../../terminal/grid.ts";
import { Emulator } from "./emulator.ts";

const size = { columns: 12, rows: 3 };

async function screenOf(text: string, showsCursor = false) {
  const answers: string[] = [];
  using emulator = await Emulator.create(size, (answer) => answers.push(answer));
  await emulator.write(new TextEncoder().encode(text));
  return { lines: emulator.lines(size, showsCursor), modes: emulator.modes, answers };
}

Deno.test("the screen has the program's colours, and no escape sequence", async () => {
  const { lines } = await screenOf(
    "a\x1b[1;31mred\x1b[0m\x1b]0;title\x07\x1b[38;2;1;2;3mx\x1b[0m 日\r\n",
  );
  assert.deepEqual(lines[0], [
    { text: "a", tone: "plain" },
    { text: "red", tone: "plain", sgr: "1;38;5;1" },
    { text: "x", tone: "plain", sgr: "38;2;1;2;3" },
    { text: " 日", tone: "plain" },
  ]);
});

Deno.test("the cursor is a span of its own, at the end of the text too", async () => {
  const { lines } = await screenOf("$ ", true);
  assert.deepEqual(lines[0], [{ text: "$ ", tone: "plain" }, { text: " ", tone: "caret" }]);
});

Deno.test("cursor movement, wrapping and scrolling are xterm's", async () => {
  const { lines } = await screenOf("1\r\n2\r\n3\r\n4\x1b[2;1Htwo\x1b[K");
  assert.deepEqual(lines.map(lineText), ["2", "two", "4"]);
});

Deno.test("queries of the program are answered, and its modes are known", async () => {
  const { answers, modes } = await screenOf("\x1b[6n\x1b[?1h\x1b[?2004h");
  assert.deepEqual(answers, ["\x1b[1;1R"]);
  assert.deepEqual(modes, { applicationCursorKeys: true, bracketedPaste: true });
});

Deno.test({
  name: "any size is drawn, and no line is wider than it",
  // xterm frees the memory of a smaller screen later, by a timer that it doesn't end.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    using emulator = await Emulator.create({ columns: 0, rows: 0 }, () => {});
    emulator.resize({ columns: 5, rows: 2 });
    await emulator.write(new TextEncoder().encode("日日日"));
    assert.deepEqual(emulator.lines({ columns: 3, rows: 9 }, false).map(lineText), ["日", "日"]);
    emulator.resize({ columns: 0, rows: 0 });
    assert.deepEqual(emulator.lines({ columns: 0, rows: 0 }, true), []);
  },
});
