import assert from "node:assert/strict";
import fc from "fast-check";
import { MemoryTerminal } from "../testing/memory_terminal.ts";
import { TinyTerminal } from "../testing/tiny_terminal.ts";
import { displayWidth } from "../width.ts";
import { Screen } from "./screen.ts";

/** How a run shows its progress. */
const some = (elapsedMs: number) =>
  `2 of 4 done, 1 failed, 2 running, ${Math.max(1, Math.floor(elapsedMs / 1000))}s: web-2, web-3`;

/** A screen whose clock the test controls; all output of both streams, and the visible part of it. */
function fixture({ columns = 80, rows = 24 } = {}) {
  const seen: string[] = [];
  const size = { columns, rows };
  const screenOf = new TinyTerminal(columns, rows);
  const terminal = new MemoryTerminal({
    terminals: ["stdout", "stderr"],
    size,
    onWrite: (_stream, bytes) => {
      const text = new TextDecoder().decode(bytes);
      seen.push(text);
      // The system's default for a program that didn't set another mode.
      screenOf.write(text.replaceAll("\n", "\r\n"));
    },
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
  const settled = async () => {
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  };
  /** Advances the clock, and runs all that is due, in its order. */
  const pass = async (ms: number) => {
    const until = nowMs + ms;
    await settled();
    for (;;) {
      const [next] = [...timers].filter(([, { atMs }]) => atMs <= until)
        .toSorted(([, a], [, b]) => a.atMs - b.atMs);
      if (next === undefined) break;
      const [key, { atMs, fire }] = next;
      nowMs = Math.max(nowMs, atMs);
      timers.delete(key);
      fire();
      await settled();
    }
    nowMs = until;
    await settled();
  };
  const screen = new Screen({ terminal, clock, interactive: false });
  const line = (text: string, stream: "stdout" | "stderr" = "stdout") =>
    screen.write([{ stream, data: [text] }]);
  /** Returns the lines on the screen, without the empty lines below them. */
  const shown = () => screenOf.lines.join("\n").trimEnd().split("\n");
  return { screen, seen, size, timers, pass, line, shown, terminal: screenOf };
}

const status = "2 of 4 done, 1 failed, 2 running, 1s: web-2, web-3";

Deno.test("a short run never shows the line, and its output waits for nothing", async () => {
  const { screen, seen, timers, pass, line } = fixture();
  screen.start(some);
  await pass(600);
  await line("x\n");
  await pass(0);
  assert.deepEqual(seen, ["x\n"]);
  await screen.end();
  assert.deepEqual(seen, ["x\n"]);
  assert.equal(timers.size, 0);
});

Deno.test("output comes above the line, at once where there was none just before", async () => {
  const { screen, pass, line, shown } = fixture();
  screen.start(some);
  await pass(700);
  assert.deepEqual(shown(), [status]);
  await pass(100);
  await line("a\n");
  await line("b\n", "stderr");
  await pass(0);
  assert.deepEqual(shown(), ["a", status]);
  await pass(40);
  assert.deepEqual(shown(), ["a", "b", status]);
  await screen.end();
  assert.deepEqual(shown(), ["a", "b"]);
});

Deno.test("the line stays while output flows all the time, for a drawing each frame", async () => {
  const { screen, seen, pass, line, shown } = fixture();
  screen.start(some);
  await pass(700);
  seen.length = 0;
  for (let number = 0; number < 1000; number++) {
    await line(`line ${number}\n`);
    await pass(1);
    assert.match(shown().at(-1) ?? "", /^2 of 4 done/);
  }
  const drawn = seen.filter((text) => text.includes("2 of 4 done")).length;
  assert.ok(drawn >= 25 && drawn <= 27, `${drawn} drawings in a second`);
  assert.match(shown().at(-1) ?? "", /running, 1s/);
  await screen.end();
  assert.equal(shown().at(-1), "line 999");
});

Deno.test("much output doesn't wait for the next frame", async () => {
  const { screen, seen, pass, line } = fixture();
  screen.start(some);
  await pass(750);
  await line("a\n");
  const flood = `${"x".repeat(79)}\n`.repeat(1000);
  await pass(1);
  await line(flood);
  await pass(0);
  assert.ok(seen.includes(flood));
  await screen.end();
});

Deno.test("the line never reaches the last column, where a terminal would wrap it", async () => {
  for (let columns = 2; columns < 60; columns++) {
    const { screen, seen, pass } = fixture({ columns });
    screen.start(() => "木霊木霊木霊木霊, 2 running, 1s: web-0, web-1, web-2");
    await pass(700);
    const text = seen.join("").replace(/\r$/, "");
    assert.ok(text !== "" && displayWidth(text) < columns, `${columns}: ${text}`);
    await screen.end();
  }
});

Deno.test("a line of output that has no end yet is left alone", async () => {
  const { screen, pass, line, shown } = fixture();
  screen.start(some);
  await pass(800);
  await line("half");
  await pass(2000);
  assert.deepEqual(shown(), ["half"]);
  await line(" and half\n");
  await pass(40);
  assert.match(shown()[1] ?? "", /^2 of 4 done/);
  assert.equal(shown()[0], "half and half");
  await screen.end();
});

Deno.test("a line that a narrower window has folded is erased from where it begins", async () => {
  const { screen, seen, size, pass, line } = fixture();
  screen.start(some);
  await pass(700);
  assert.match(seen.at(-1) ?? "", /web-3\r$/);
  size.columns = 20;
  await pass(100);
  seen.length = 0;
  await line("a\n");
  await pass(0);
  assert.equal(seen[0], "\x1b[?2026h\r\x1b[J");
  await pass(100);
  seen.length = 0;
  await line("b\n");
  await pass(0);
  assert.equal(seen[0], "\x1b[?2026h\r\x1b[2K");
  await screen.end();
});

Deno.test("the time in the line goes on", async () => {
  const { screen, pass, shown } = fixture();
  const times: string[] = [];
  screen.start(some);
  for (let second = 0; second < 3; second++) {
    await pass(1000);
    times.push(/running, (\w+)/.exec(shown()[0] ?? "")?.[1] ?? "");
  }
  assert.deepEqual(times, ["1s", "1s", "2s"]);
  await screen.end();
});

Deno.test("`note()` prints at once; its hint stays in the status line, once", async () => {
  const { screen, pass, line, shown } = fixture();
  screen.start(some);
  await pass(800);
  await line("a\n");
  await line("b\n");
  screen.note("4 running", { text: "Ctrl-C again stops them", forMs: 3000 });
  await pass(0);
  assert.deepEqual(shown().slice(0, -1), ["a", "b", "", "4 running"]);
  assert.equal(shown().at(-1), `Ctrl-C again stops them | ${status}`);
  // Continuous output scrolls the text away, but not the line.
  for (let number = 0; number < 30; number++) await line(`${number}\n`);
  await pass(2900);
  assert.match(shown().at(-1) ?? "", /^Ctrl-C again stops them \| 2 of 4 done/);
  await pass(1100);
  assert.match(shown().at(-1) ?? "", /^2 of 4 done/);
  await screen.end();
});

Deno.test("whatever comes when: every line is there once, in its order, and the line is below or gone", async () => {
  const output = fc.record({
    kind: fc.constant("line" as const),
    stream: fc.constantFrom("stdout" as const, "stderr" as const),
    text: fc.constantFrom("a", "木霊木霊", "b".repeat(20), ""),
  });
  const pause = fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(120) });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(output, pause), { maxLength: 25 }), async (moves) => {
      const { screen, pass, line, shown } = fixture({ columns: 20, rows: 40 });
      const written: string[] = [];
      screen.start(some);
      await pass(650);
      for (const [index, move] of moves.entries()) {
        if (move.kind === "pass") await pass(move.ms);
        else {
          const text = `${index}${move.text}`.slice(0, 20);
          written.push(text);
          await line(`${text}\n`, move.stream);
        }
      }
      await pass(60);
      const isLine = (text: string) => text.startsWith("2 of 4 done");
      assert.deepEqual(shown().filter((text) => !isLine(text) && text !== ""), written);
      const last = shown().filter(isLine).length;
      assert.ok(last === 0 || (last === 1 && isLine(shown().at(-1) ?? "")), shown().join("\n"));
      await screen.end();
      assert.deepEqual(shown().filter((text) => text !== ""), written);
    }),
    { numRuns: 200 },
  );
});
