import assert from "node:assert/strict";
import type { CopyEvent } from "../../../actions/copy/events.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import {
  MemoryTerminal,
  type MemoryTerminalOptions,
} from "../../../terminal/testing/memory_terminal.ts";
import { CopyRunProgress, showCopy } from "./show_copy.ts";
import { bytesText, filesText } from "./amounts.ts";

const at = new Date(0);

/** Runs a copy of two seconds on such a terminal; returns its standard error, and how often standard input was read. */
async function copyOn(terminals: MemoryTerminalOptions["terminals"] & object) {
  let asked = 0;
  const input = {
    // deno-lint-ignore require-yield -- no keys are pressed
    async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
      asked += 1;
    },
  };
  const terminal = new MemoryTerminal({ terminals, input, size: { columns: 80, rows: 24 } });
  const clock = new ManualClock();
  async function* events(): AsyncGenerator<CopyEvent, void> {
    const target = { context: "c", namespace: "n", pod: "a", container: "m", node: "", ip: "" };
    yield { kind: "runStarted", targets: [target], names: ["a"], command: [], at };
    yield { kind: "targetStarted", target: 0, at };
    yield { kind: "progress", progress: { movedBytes: 1, doneBytes: 1, totalBytes: 2 } };
    await new Promise<void>((resolve) => clock.timer(2000, resolve));
  }
  const invocation = {
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: () => undefined,
  };
  const view = {
    format: "text",
    quiet: false,
    single: true,
    color: "never",
    progress: "auto",
    confirm: { yes: true, above: undefined },
  } as const;
  // It ends without an outcome: the test checks what was shown before.
  const shown = showCopy(events, { invocation, clock, view });
  await assert.rejects(clock.runUntil(shown), /cancelled/);
  return { asked, stderr: terminal.written("stderr") };
}

Deno.test("on a terminal a copy shows how far it is, and reads no key", async () => {
  const { asked, stderr } = await copyOn(["stdin", "stdout", "stderr"]);
  assert.equal(asked, 0);
  assert.match(stderr, /50% of 2 B/);
});

Deno.test("behind a pipe the terminal is the pager's: no line is drawn", async () => {
  assert.deepEqual(await copyOn(["stdin", "stderr"]), { asked: 0, stderr: "" });
});

Deno.test("bytes have three digits and a unit; files are counted as a person does", () => {
  const table: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [102_400, "100 KiB"],
    [1_048_064, "1.0 MiB"],
    [5 * 1024 ** 3, "5.0 GiB"],
  ];
  for (const [bytes, text] of table) assert.equal(bytesText(bytes), text);
  assert.deepEqual([filesText(1), filesText(10_000)], ["1 file", "10,000 files"]);
});

Deno.test("the line tells part, rate and time left; without a total, bytes and rate", async () => {
  const clock = new ManualClock();
  const progress = new CopyRunProgress(clock);
  const mib = 1024 * 1024;
  assert.equal(progress.detail(), "");
  const take = async (movedBytes: number, doneBytes: number, totalBytes?: number) => {
    progress.follow({ kind: "progress", progress: { movedBytes, doneBytes, totalBytes } });
    await clock.runUntil(new Promise<void>((resolve) => clock.timer(1000, resolve)));
  };
  await take(0, 50 * mib, 200 * mib);
  assert.equal(progress.detail(), "[#####---------------] 25% of 200 MiB");
  await take(10 * mib, 60 * mib, 200 * mib);
  assert.equal(progress.detail(), "[######--------------] 30% of 200 MiB, 10.0 MiB/s, 14s left");
  await take(20 * mib, 70 * mib);
  assert.equal(progress.detail(), "70.0 MiB, 10.0 MiB/s");
});

Deno.test("the rate is that of the last seconds", async () => {
  const clock = new ManualClock();
  const progress = new CopyRunProgress(clock);
  for (const [afterMs, movedBytes] of [[0, 0], [1000, 100_000_000], [9000, 0], [1000, 1024]]) {
    if (afterMs !== 0) {
      await clock.runUntil(new Promise<void>((resolve) => clock.timer(afterMs ?? 0, resolve)));
    }
    progress.follow({
      kind: "progress",
      progress: { movedBytes: movedBytes ?? 0, doneBytes: 0, totalBytes: undefined },
    });
  }
  assert.match(progress.detail(), /, 1\.0 KiB\/s$/);
});
