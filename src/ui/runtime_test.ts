/** The UI as it runs: keys and events reach panes, a pane that fails is alone in that, and every end closes all of them. */
import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { KodamaError } from "../base/errors.ts";
import type { ManualClock } from "../base/testing/manual_clock.ts";
import { span } from "../terminal/grid.ts";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { TinyTerminal } from "../terminal/testing/tiny_terminal.ts";
import { keyTable } from "./keys.ts";
import type { Choice, Pane, PaneContext } from "./pane.ts";
import { PaneRegistry } from "./registry.ts";
import { Ui } from "./runtime.ts";

/** A change without a key is drawn after this time. */
const frameMs = 100;
const size = { columns: 60, rows: 12 };
const scope = { namespaces: { kind: "default" } } as const;

/** A pane that records its calls. */
class RecordingPane implements Pane {
  readonly title: string;
  readonly calls: string[] = [];
  running: string | undefined;
  fails: "view" | "command" | "tick" | undefined;
  closing: Promise<void> = Promise.resolve();

  constructor(readonly context: PaneContext) {
    this.title = `pane ${context.pane}`;
  }

  view() {
    if (this.fails === "view") throw new Error("a bug in its view");
    return [[span(`content of ${this.title}`)]];
  }
  handleCommand({ type }: { type: string }): void {
    if (this.fails === "command") throw new Error("a bug in its command");
    this.calls.push(type);
  }
  onFocus = (focused: boolean) => void this.calls.push(focused ? "focus" : "blur");
  onResize = (to: { columns: number; rows: number }) =>
    void this.calls.push(`${to.columns}x${to.rows}`);
  onTick(): void {
    if (this.fails === "tick") throw new Error("a bug in its tick");
  }
  onPlugin = (event: { kind: string }) => void this.calls.push(event.kind);
  async close(): Promise<void> {
    await this.closing;
    this.calls.push("closed");
  }
}

/** A UI on a terminal in memory, and its keys. */
class TestUi implements AsyncDisposable {
  readonly panes: RecordingPane[] = [];
  readonly logged: string[] = [];
  readonly ui: Ui;
  readonly terminal: MemoryTerminal;
  readonly clock: ManualClock;
  readonly stop = new AbortController();
  readonly running: Promise<unknown>;
  readonly #screen = new TinyTerminal(size.columns, size.rows);
  readonly #keys = new TransformStream<string, string>();
  readonly #writer = this.#keys.writable.getWriter();
  #drawn = Promise.withResolvers<void>();

  constructor() {
    const decoder = new TextDecoder();
    this.terminal = new MemoryTerminal({
      terminals: ["stdin", "stderr"],
      size,
      input: this.#keys.readable,
      onWrite: (_stream, bytes) => {
        this.#screen.write(decoder.decode(bytes, { stream: true }));
        this.#drawn.resolve();
        this.#drawn = Promise.withResolvers();
      },
    });
    const registry = new PaneRegistry();
    registry.register("recording", (context) => {
      const pane = new RecordingPane(context);
      this.panes.push(pane);
      return pane;
    }, { summary: "", offered: true });
    const { host, clock } = simulatedHost({}, {
      log: (level, _category, message) => this.logged.push(`${level}: ${message}`),
    });
    this.clock = clock;
    this.ui = new Ui({
      host,
      terminal: this.terminal,
      color: false,
      registry,
      keys: keyTable({ kinds: registry.kinds() }),
      first: { key: "recording", config: {}, scope },
      saveLayout: (name) => Promise.resolve(`saved as ${name}`),
    });
    this.running = this.ui.run(this.terminal.stdin, this.stop.signal).catch((error) => error);
  }

  pane(index: number): RecordingPane {
    const pane = this.panes[index];
    assert.ok(pane);
    return pane;
  }

  async type(text: string): Promise<void> {
    await this.#writer.write(text);
  }

  /** The terminal is closed. */
  async hangUp(): Promise<void> {
    await this.#writer.close();
  }

  /** Resolves when the screen shows this. Changes without a key are drawn when the clock says so. */
  async shows(text: string | RegExp): Promise<string> {
    while (true) {
      const screen = this.#screen.lines.join("\n");
      if (typeof text === "string" ? screen.includes(text) : text.test(screen)) return screen;
      await Promise.race([this.#drawn.promise, this.clock.waitedFor(frameMs)]);
      this.clock.advance(frameMs);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

const altV = "\x1bv";

Deno.test("keys reach the focused pane, and focus and sizes both", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  await test.type("j");
  await test.type(altV);
  await test.shows("content of pane 3");
  await test.type("k");
  await test.type("Q");
  assert.equal(await test.running, undefined);
  assert.deepEqual(test.pane(0).calls, [
    "60x9",
    "focus",
    "select_next",
    "blur",
    "29x9",
    "closed",
  ]);
  assert.deepEqual(test.pane(1).calls, ["30x9", "focus", "select_prev", "closed"]);
});

for (const fails of ["view", "command", "tick"] as const) {
  Deno.test(`a pane whose ${fails} throws is an error, and the others are as before`, async () => {
    await using test = new TestUi();
    await test.type(altV);
    await test.shows("content of pane 3");
    const pane = test.pane(1);
    pane.fails = fails;
    if (fails === "tick") test.clock.advance(500);
    else await test.type("j");
    const screen = await test.shows(`a bug in its ${fails}`);
    assert.match(screen, /content of pane 1/);
    assert.deepEqual(test.logged, [`error: recording: a bug in its ${fails}`]);
    assert.equal(pane.context.signal.aborted, true, "what it does ends");
    await test.type("q");
    await test.shows(/^(?![^]*a bug)/);
    await test.type("j");
    await test.type("Q");
    await test.running;
    assert.ok(test.pane(0).calls.includes("select_next"));
  });
}

Deno.test("events of a plugin reach its pane alone, and none after it was closed", async () => {
  await using test = new TestUi();
  await test.type(altV);
  await test.shows("content of pane 3");
  const [first, second] = [test.pane(0), test.pane(1)];
  const render = { kind: "pluginRender", pane: 3, lines: ["x"] } as const;
  second.context.emit(render);
  second.context.emit({ kind: "pluginError", pane: 3, error: "it trapped" });
  await test.type("q");
  await test.shows(/^(?![^]*pane 3)/);
  second.context.emit(render);
  second.context.emit({ kind: "open", key: "recording" });
  await test.type("Q");
  await test.running;
  assert.deepEqual(second.calls.slice(-3), ["pluginRender", "pluginError", "closed"]);
  assert.ok(!first.calls.includes("pluginRender"));
  assert.equal(test.panes.length, 2);
});

Deno.test("what runs is named before it is ended; all panes are closed before the end", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  const pane = test.pane(0);
  const closing = Promise.withResolvers<void>();
  pane.closing = closing.promise;
  pane.running = "a run in 3 pods";
  await test.type("Q");
  await test.shows(/Quit\? This ends:[^]*a run in 3 pods/);
  await test.type("n");
  await test.shows(/^(?![^]*Quit)/);
  await test.type("Q");
  await test.shows("Quit? This ends:");
  await test.type("y");
  let hasEnded = false;
  void test.running.then(() => hasEnded = true);
  while (!test.pane(0).context.signal.aborted) await Promise.resolve();
  assert.equal(hasEnded, false);
  closing.resolve();
  await test.running;
  assert.equal(pane.calls.at(-1), "closed");
});

Deno.test("questions wait for each other, and choices that come later belong to theirs", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  const { ask } = test.pane(0).context;
  const [first, second] = [
    Promise.withResolvers<readonly Choice[]>(),
    Promise.withResolvers<readonly Choice[]>(),
  ];
  const answers = [
    ask({ kind: "choose", label: "one of", choices: [] }, first.promise),
    ask({ kind: "choose", label: "another of", choices: [] }, second.promise),
  ];
  await test.shows("loading …");
  second.resolve([{ value: "pear" }]);
  first.resolve([{ value: "apple" }]);
  await test.shows("> apple");
  await test.type("\r");
  await test.shows("> pear");
  await test.type("x");
  await test.type("\r");
  assert.deepEqual(await Promise.all(answers), ["apple", "x"]);
  const refused = ask(
    { kind: "choose", label: "a third of", choices: [] },
    Promise.reject(new KodamaError("forbidden", "you can't list pears")),
  );
  await test.shows(/a third of[^]*you can't list pears/);
  await test.type("typed");
  await test.type("\r");
  assert.equal(await refused, "typed");
});

Deno.test("the name of a pane, where kinds are chosen, opens the pane", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  await test.type(":recording");
  await test.type("\r");
  await test.shows("content of pane 3");
});

Deno.test("a kind that can't be listed leaves the panes as they are, and says why", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  await test.type(":q");
  await test.shows("not in the list");
  await test.type("\r");
  await test.shows(/content of pane 1[^]*no context/);
  assert.equal(test.panes.length, 1);
});

Deno.test("keys that come together are typed into what the first of them opens", async () => {
  await using test = new TestUi();
  await test.shows("content of pane 1");
  await test.type("\x17S");
  await test.shows("save the layout as: default");
  await test.type("\x15\x0b");
  await test.type("shop");
  await test.type("\r");
  await test.shows("saved as shop");
});

Deno.test("a signal, and a terminal that is closed, end the UI and restore the terminal", async () => {
  for (const end of ["signal", "hang-up"] as const) {
    await using test = new TestUi();
    await test.shows("content of pane 1");
    assert.match(test.terminal.finalOutput(), /\?1049l/, "for an end without unwinding");
    if (end === "signal") test.stop.abort();
    else await test.hangUp();
    const error = await test.running;
    assert.equal(
      error instanceof KodamaError ? error.kind : error,
      end === "signal" ? undefined : "cancelled",
    );
    assert.equal(test.pane(0).calls.at(-1), "closed");
    assert.deepEqual(test.terminal.modes, ["raw", "cooked"]);
    assert.ok(test.terminal.written("stderr").endsWith("\x1b[?1049l\x1b[?2004l"));
    assert.equal(test.terminal.finalOutput(), "");
  }
});
