import assert from "node:assert/strict";
import { ManualClock, quiet } from "../base/testing/manual_clock.ts";
import { liveTable, type TableRequest, type TableRow } from "../table/live_table.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { TableScreen } from "./table_screen.ts";

const row = (id: string): TableRow => ({
  id,
  group: "g",
  order: id,
  cells: [{ kind: "text", text: id }],
});

const table = liveTable({
  size: { columns: 40, rows: 6 },
  nowMs: 0,
  caption: [],
  groups: [{ id: "g", columns: [{ title: "NAME" }] }],
  saveName: "out.jsonl",
});

Deno.test("a screen draws changes, hands requests on, and restores the terminal when a person quits", async () => {
  const clock = new ManualClock();
  const typed = Promise.withResolvers<string>();
  const terminal = new MemoryTerminal({
    terminals: ["stdin", "stderr"],
    input: (async function* () {
      yield "s\r";
      yield await typed.promise;
    })(),
  });
  const requests: TableRequest[] = [];
  const screen = new TableScreen({
    terminal,
    clock,
    color: false,
    table,
    onRequest: (request) => requests.push(request),
  });
  const keyboard = terminal.keyboard();
  assert.ok(keyboard !== undefined);
  const running = screen.run(keyboard, new AbortController().signal);
  for (let index = 0; index < 1000; index++) {
    screen.update({ kind: "changed", upserts: [row("web-0")], removed: [], changes: 1 });
  }
  await quiet();
  clock.advance(100);
  await quiet();
  assert.equal(terminal.written("stderr").split("web-0").length - 1, 1, "one frame");
  typed.resolve("q");
  await running;
  assert.deepEqual(requests, [{ kind: "save", file: "out.jsonl" }]);
  assert.deepEqual(terminal.modes, ["raw", "cooked"]);
  assert.ok(terminal.written("stderr").endsWith("\x1b[?1049l"));
});
