import assert from "node:assert/strict";
import { BoundedQueue } from "../base/bounded_queue.ts";
import { ManualClock, quiet } from "../base/testing/manual_clock.ts";
import { liveTable, press, type TableRequest, type TableRow } from "../table/live_table.ts";
import { tableView } from "../table/view.ts";
import { lineText } from "../terminal/grid.ts";
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
      yield "s";
      yield "\r";
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
  assert.ok(terminal.written("stderr").endsWith("\x1b[?1049l\x1b[?2004l"));
});

Deno.test("`e` hands the rows that pass the filter to be explained, off the screen, and then goes back to it", async () => {
  const clock = new ManualClock();
  // Each reader starts where the one before has ended.
  const input = new BoundedQueue<string>(10);
  for (const keys of ["/web", "\r", "e", "q"]) await input.push(keys);
  const texts: string[] = [];
  const terminal = new MemoryTerminal({
    terminals: ["stdin", "stderr"],
    input,
  });
  const screen = new TableScreen({
    terminal,
    clock,
    color: false,
    table: { ...table, isExplainable: true },
    onExplain: async (text) => {
      texts.push(text);
      // The source continues meanwhile, unseen.
      screen.update({ kind: "changed", upserts: [row("web-late")], removed: [], changes: 1 });
      await terminal.stderr.write("because");
    },
  });
  const keyboard = terminal.keyboard();
  assert.ok(keyboard !== undefined);
  const names = ["db-0", ...Array.from({ length: 30 }, (_, at) => `web-${at}`)];
  const upserts = names.map(row);
  screen.update({ kind: "changed", upserts, removed: [], changes: 31, isInitial: true });
  await screen.run(keyboard, new AbortController().signal);
  const [text = ""] = texts;
  assert.match(text, /30 of 31/);
  assert.ok(text.includes("web-29"), "rows below the screen's end as well");
  assert.ok(!text.includes("db-0"));
  assert.deepEqual(terminal.modes, ["raw", "cooked", "raw", "cooked"]);
  const [before = "", after = ""] = terminal.written("stderr").split("because");
  assert.ok(
    before.endsWith("\x1b[?1049l\x1b[?2004l") && after.startsWith("\x1b[?2004h\x1b[?1049h"),
  );
  assert.ok(screen.table.entries.has("web-late"));
});

Deno.test("`e` means nothing to a table that can't be explained", () => {
  assert.deepEqual(press(table, { kind: "text", text: "e" }).request, { kind: "key", key: "e" });
  const help = (isExplainable: boolean) =>
    tableView({ ...table, isExplainable, isHelp: true, size: { columns: 80, rows: 30 } }).lines
      .map(lineText).join("\n");
  assert.match(help(true), /e +let a language model explain/);
  assert.doesNotMatch(help(false), /language model/);
});
