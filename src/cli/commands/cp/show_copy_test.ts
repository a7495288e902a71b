import assert from "node:assert/strict";
import type { CopyEvent } from "../../../actions/copy/events.ts";
import { ManualClock } from "../../../base/testing/manual_clock.ts";
import {
  MemoryTerminal,
  type MemoryTerminalOptions,
} from "../../../terminal/testing/memory_terminal.ts";
import { showCopy } from "./show_copy.ts";

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
  // The copy ends without an outcome: the test checks the output before.
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
