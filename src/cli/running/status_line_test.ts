import assert from "node:assert/strict";
import type { OutcomeKind } from "../../actions/exec_events.ts";
import { MemoryTerminal } from "../../term/memory_terminal.ts";
import { displayWidth } from "../../term/width.ts";
import type { Progress } from "./progress.ts";
import { Screen } from "./screen.ts";
import { statusText } from "./status_line.ts";

function progress(names: string[], running: number[], ended: [OutcomeKind, number][]): Progress {
  return { names, running: new Set(running), ended: new Map(ended), detail: "" };
}

const some = progress(["web-0", "web-1", "web-2", "web-3"], [2, 3], [["ok", 1], ["failed", 1]]);

Deno.test("the line says how far the run is", () => {
  assert.equal(
    statusText(some, { elapsedMs: 12_345, columns: 80 }),
    "2 of 4 done, 1 failed, 2 running, 12s: web-2, web-3",
  );
});

Deno.test("the line never reaches the last column, where a terminal would wrap it", () => {
  const wide = progress(["木霊木霊木霊木霊", "b"], [0, 1], []);
  for (let columns = 2; columns < 60; columns++) {
    const text = statusText(wide, { elapsedMs: 0, columns });
    assert.ok(displayWidth(text) < columns, `${columns}: ${text}`);
  }
});

/** A screen whose time the test turns, and all that reaches either stream in one list. */
function stage() {
  const seen: string[] = [];
  const size = { columns: 80, rows: 24 };
  const terminal = new MemoryTerminal({
    terminals: ["stdout", "stderr"],
    size,
    onWrite: (_stream, bytes) => void seen.push(new TextDecoder().decode(bytes)),
  });
  let nowMs = 0;
  const timers = new Map<object, { atMs: number; fire: () => void }>();
  const clock = {
    now: () => new Date(0),
    elapsedMs: () => nowMs,
    timer(delayMs: number, fire: () => void) {
      const key = {};
      timers.set(key, { atMs: nowMs + delayMs, fire });
      return { [Symbol.dispose]: () => void timers.delete(key) };
    },
  };
  /** Lets time pass, and whatever is due happen. */
  const pass = async (ms: number) => {
    nowMs += ms;
    for (const [key, { atMs, fire }] of [...timers]) {
      if (atMs > nowMs) continue;
      timers.delete(key);
      fire();
    }
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  const screen = new Screen({ terminal, clock, statusLine: true, interactive: false });
  const line = (text: string) => screen.write([{ stream: "stdout", data: [text] }]);
  return { screen, seen, size, timers, pass, line };
}

// deno-lint-ignore no-control-regex -- the sequence is what this looks for
const status = /^\r\x1b\[2K2 of 4 done/;
const erased = "\r\x1b[2K";

Deno.test("a short run never shows the line", async () => {
  const { screen, seen, timers, pass, line } = stage();
  screen.begin(some);
  await pass(600);
  await line("x\n");
  await screen.flush();
  assert.deepEqual(seen, ["x\n"]);
  assert.equal(timers.size, 0);
});

Deno.test("the line goes before output comes, and comes back when it pauses", async () => {
  const { screen, seen, pass, line } = stage();
  screen.begin(some);
  await pass(700);
  assert.match(seen.shift() ?? "", status);
  await line("a\n");
  await line("b\n");
  await pass(100);
  assert.equal(seen.shift(), erased);
  assert.equal(seen.join(""), "a\nb\n");
  seen.length = 0;
  await pass(100);
  assert.match(seen.shift() ?? "", status);
  await screen.flush();
  assert.deepEqual(seen, [erased]);
});

Deno.test("a line that a narrower window has folded is erased from where it begins", async () => {
  const { screen, seen, size, pass, line } = stage();
  screen.begin(some);
  await pass(700);
  assert.match(seen.shift() ?? "", /web-3\r$/);
  size.columns = 20;
  await line("a\n");
  assert.equal(seen.shift(), "\r\x1b[J");
  await pass(200);
  await line("b\n");
  assert.equal(seen.at(-2), erased);
  await screen.flush();
});

Deno.test("the time in the line goes on", async () => {
  const { screen, seen, pass } = stage();
  screen.begin(some);
  await pass(700);
  await pass(1000);
  await pass(1000);
  assert.deepEqual(seen.map((text) => /running, (\w+)/.exec(text)?.[1]), ["1s", "1s", "2s"]);
  await screen.flush();
});

Deno.test("what a signal says stands on lines of its own", async () => {
  const { screen, seen, pass } = stage();
  screen.begin(some);
  await pass(700);
  seen.length = 0;
  screen.note("stopping");
  await pass(0);
  assert.equal(seen.join(""), `${erased}\nstopping\n`);
  await screen.flush();
});
