/** The picker on a terminal in memory: keys, clicks and signals in, a screen out. */
import assert from "node:assert/strict";
import { wholeSelection } from "../../../actions/exec/events.ts";
import { layout } from "../../../pick/layout.ts";
import { picker, typed } from "../../../pick/testing/sample_picker.ts";
import { runningPod, WatchedCluster } from "../../../actions/testing/watched_cluster.ts";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { BoundedQueue } from "../../../base/bounded_queue.ts";
import { ManualClock, quiet } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import type { Size } from "../../../terminal/terminal.ts";
import { TinyTerminal } from "../../../terminal/testing/tiny_terminal.ts";
import type { EndSignal } from "../../../terminal/driver/signals.ts";
import type { Invocation } from "../../invocation.ts";
import { type PickerOptions, plainPicker, rowsOf } from "./options.ts";
import { pick } from "./picker.ts";
import { PickerScreen } from "./picker_terminal.ts";
import { PumpedSink, type SinkData } from "../../../terminal/sink.ts";
import type { PickState } from "../../../pick/state.ts";
import { step } from "../../../pick/step.ts";

const modesAtFirst = ["25", "7"];

/** A picker over pods of these names, with 12 rows. */
class Scene {
  readonly cluster = new WatchedCluster("c");
  readonly keys = new BoundedQueue<string>(100);
  readonly sizes = new BoundedQueue<Size>(10);
  readonly terminal: MemoryTerminal;
  readonly clock;
  readonly picked;
  screen: TinyTerminal;
  #signal: (name: EndSignal) => void = () => {};
  #shown = 0;

  constructor(
    names: readonly string[],
    options: Partial<PickerOptions> = {},
    columns = 60,
    term?: string,
  ) {
    this.cluster.lists.set("n/pods", [names.map((name) => runningPod(name))]);
    this.screen = new TinyTerminal(columns, 12);
    this.terminal = new MemoryTerminal({
      terminals: ["stdin", "stderr"],
      size: { columns, rows: 12 },
      input: this.keys,
      resizes: this.sizes,
    });
    const { host, clock } = simulatedHost({});
    this.clock = clock;
    const kube = () => Promise.resolve(this.cluster.client);
    const invocation = {
      terminal: this.terminal,
      environment: (name: string) => name === "TERM" ? term : undefined,
      signals: {
        listen: (handler: (name: EndSignal) => void) => {
          this.#signal = handler;
          return { [Symbol.dispose]: () => {} };
        },
      },
    } as Partial<Invocation> as Invocation;
    const all: PickerOptions = {
      ...plainPicker,
      contexts: [],
      selection: wholeSelection,
      multi: true,
      preview: false,
      height: { kind: "percent", percent: 100 },
      ...options,
    };
    this.picked = pick(all, { host: { ...host, kube }, invocation });
    this.picked.catch(() => {});
  }

  /** Types, and waits for all effects. */
  async type(...keys: string[]): Promise<void> {
    for (const key of keys) await this.keys.push(key);
    await this.settle();
  }

  async resize(columns: number): Promise<void> {
    await this.#show();
    this.screen = new TinyTerminal(columns, 12);
    await this.sizes.push({ columns, rows: 12 });
    await this.settle();
  }

  async signal(name: EndSignal): Promise<void> {
    this.#signal(name);
    await this.settle();
  }

  /** Runs everything that can happen within a second of the picker's own timers. */
  async settle(): Promise<void> {
    for (let timers = 0; timers < 4; timers++) {
      await quiet();
      if (this.clock.elapsedMs() < 60_000) this.clock.step();
    }
    await this.#show();
  }

  async #show(): Promise<void> {
    await quiet();
    const all = this.terminal.written("stderr");
    this.screen.write(all.slice(this.#shown));
    this.#shown = all.length;
  }

  get cursorLine(): string {
    return this.screen.lines.find((line) => line.startsWith("> ") && line.length > 2) ?? "";
  }

  assertGivenBack(): void {
    assert.deepEqual([...this.screen.modes].sort(), modesAtFirst);
    assert.deepEqual(this.terminal.modes, ["raw", "cooked"]);
    assert.equal(this.terminal.finalOutput(), "");
  }
}

const names = ["api-0", "web-0", "web-1"];

/** Rows and columns count from 0 here, and from 1 on the wire. */
function click(scene: Scene, name: string): string {
  const row = scene.screen.lines.findIndex((line) => line.includes(name));
  return `\x1b[<0;5;${row + 1}M`;
}

Deno.test("keys choose, and the terminal is given back", async () => {
  const scene = new Scene(names);
  await scene.settle();
  assert.notEqual(scene.terminal.finalOutput(), "");
  await scene.type("web", "\t", "\r");
  const picked = await scene.picked;
  assert.deepEqual(picked.kind === "picked" && picked.targets.map(({ pod }) => pod), ["web-0"]);
  scene.assertGivenBack();
});

Deno.test("a pod is chosen as a whole, or one of its containers", async () => {
  const pods = async (...keys: string[]) => {
    const scene = new Scene(names);
    await scene.settle();
    await scene.type(...keys);
    const picked = await scene.picked;
    return picked.kind === "picked" && picked.pods;
  };
  const pod = { context: "c", namespace: "n", pod: "web-0" };
  assert.deepEqual(await pods("web-0", "\r"), [pod]);
  assert.deepEqual(await pods("web-0", "\x0f", "\r"), [{ ...pod, container: "main" }]);
});

Deno.test("a click moves the cursor, the release of a second one on the row accepts it, the wheel moves", async () => {
  const scene = new Scene(names);
  await scene.settle();
  await scene.type("\x1b[1;1R", click(scene, "web-1"));
  assert.match(scene.cursorLine, /web-1/);
  await scene.type("\x1b[<65;5;5M");
  assert.match(scene.cursorLine, /web-0/);
  await scene.type("\x1b[<64;5;5M", "\x1b[<0;5;5m");
  assert.match(scene.cursorLine, /web-1/);
  const again = click(scene, "web-1");
  const release = again.replace("M", "m");
  await scene.type(again + release + again);
  assert.match(scene.cursorLine, /web-1/, "still open: its button is down");
  await scene.type(release);
  const picked = await scene.picked;
  assert.deepEqual(picked.kind === "picked" && picked.targets.map(({ pod }) => pod), ["web-1"]);
});

Deno.test("clicks are mapped to rows of the screen, wherever the picker starts on it", async () => {
  const scene = new Scene(names, { height: { kind: "rows", rows: 6 } });
  await scene.settle();
  // The terminal's answer: the picker starts on the fourth row.
  await scene.type("\x1b[4;1R");
  const row = scene.screen.lines.findIndex((line) => line.includes("web-0")) + 3;
  await scene.type(`\x1b[<0;5;${row + 1}M`);
  assert.match(scene.cursorLine, /web-0/);
});

Deno.test("a window of 20 columns and wide characters: no line is wider than it", async () => {
  const long = ["木霊-drive-with-a-very-long-name-0", "web-0"];
  const scene = new Scene(long, {}, 80);
  await scene.settle();
  // A row that is wider than the screen is an error of the terminal.
  for (const columns of [20, 7, 3, 1, 20]) await scene.resize(columns);
  await scene.type("木");
  assert.ok(
    scene.screen.lines.some((line) => line.includes("木霊")),
    scene.screen.lines.join("\n"),
  );
  assert.ok(scene.screen.lines.some((line) => line.startsWith("  1/2")));
});

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`${name} ends the picker, and the terminal is given back`, async () => {
    const scene = new Scene(names);
    await scene.settle();
    await scene.signal(name);
    await assert.rejects(scene.picked, { kind: "cancelled", message: `stopped by ${name}` });
    scene.assertGivenBack();
  });
}

Deno.test("an error of kodama's own is thrown after the terminal was given back", async () => {
  const scene = new Scene(names);
  await scene.settle();
  scene.cluster.changes.fail(new TypeError("a bug"));
  await scene.settle();
  await assert.rejects(scene.picked, TypeError);
  scene.assertGivenBack();
});

Deno.test("what ends the process without coming back gives the terminal back by its last words", async () => {
  const scene = new Scene(names);
  await scene.settle();
  scene.screen.write(scene.terminal.finalOutput());
  assert.deepEqual([...scene.screen.modes].sort(), modesAtFirst);
  await scene.signal("SIGTERM");
});

Deno.test("a pod that changes while a signal ends the picker is not drawn", async () => {
  const scene = new Scene(names);
  await scene.settle();
  const flushed = Promise.withResolvers<void>();
  // No frame is pending: the next change would schedule a frame.
  scene.clock.advance(16);
  await quiet();
  const ended = scene.signal("SIGHUP");
  scene.terminal.stderr.flush = () => flushed.promise;
  await ended;
  const written = scene.terminal.written("stderr");
  await scene.cluster.change("added", runningPod("web-2"));
  await scene.settle();
  flushed.resolve();
  await assert.rejects(scene.picked, { message: "stopped by SIGHUP" });
  await scene.settle();
  assert.equal(scene.terminal.written("stderr"), `${written}\x1b[?2004l`);
  scene.assertGivenBack();
});

Deno.test("a terminal that is closed under the picker ends it", async () => {
  const scene = new Scene(names);
  await scene.settle();
  scene.keys.close();
  await scene.settle();
  await assert.rejects(scene.picked, { kind: "cancelled", message: "the terminal was closed" });
});

Deno.test("nothing is drawn on a dumb terminal: the matches are listed", async () => {
  const scene = new Scene(names, {}, 60, "dumb");
  await assert.rejects(scene.picked, {
    kind: "usage",
    message: "the picker needs a real terminal (TERM=dumb); 3 match: api-0, web-0, web-1",
  });
  assert.equal(scene.terminal.written("stderr"), "");
});

Deno.test("the namespace that is looked at is the current one, whatever the kubeconfig says", async () => {
  const namespaces = { kind: "named", names: ["m"] } as const;
  const scene = new Scene([], { selection: { ...wholeSelection, namespaces } });
  scene.cluster.lists.set("m/pods", [[runningPod("web-0", { namespace: "m" })]]);
  scene.cluster.lists.set("*/namespaces", [
    ["m", "n", "o"].map((name) => ({ metadata: { name } })),
  ]);
  await scene.settle();
  const current = () => scene.screen.lines.filter((line) => line.includes("current"));
  await scene.type("\x13");
  assert.match(current().join("\n"), /^[> ] m +current$/);
  await scene.type("o", "\r", "\x13");
  assert.match(current().join("\n"), /^[> ] o +current$/);
  await scene.type("\x03");
  await scene.picked;
});

Deno.test("pods that were named, or are of several contexts, have no other place to turn to", async () => {
  const operands = names.map((name) => ({ kind: "pod" as const, name }));
  const fixed: Partial<PickerOptions>[] = [
    { selection: { ...wholeSelection, operands } },
    { contexts: ["c", "d"] },
  ];
  for (const options of fixed) {
    const scene = new Scene(names, options);
    await scene.settle();
    await scene.type("\x13");
    assert.match(scene.screen.lines.join("\n"), /here the namespaces and contexts are given/);
    await scene.type("\x1b");
    await scene.picked;
  }
});

Deno.test("rowsOf() gives a small screen to the picker as a whole, and the preview only where the list keeps 8 rows", () => {
  const share = { kind: "percent", percent: 40 } as const;
  assert.deepEqual([12, 15, 19, 20, 24, 60].map((rows) => rowsOf(share, rows)), [
    12,
    15,
    19,
    10,
    10,
    24,
  ]);
  for (const rows of [8, 10, 14, 15, 22, 24, 40]) {
    const state = picker(["web-0"], {}, { columns: 60, rows });
    const shown = { ...state, preview: { ...state.preview, shown: true } };
    const { preview, list } = layout(shown);
    assert.equal(preview !== undefined, rows >= 15, `${rows} rows`);
    if (preview !== undefined) assert.ok(list.rows >= 8, `${rows} rows`);
  }
});

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
  const stderr = Object.assign(slow, {
    isTerminal: true,
    draw: (...data: SinkData[]) => slow.write(...data),
  });
  const atEnd = (lastWords: () => string) => terminal.atEnd(lastWords);
  const options = { area: "inline", color: false, mouse: false } as const;
  {
    await using _screen = new PickerScreen({ stderr, atEnd }, new ManualClock(), options);
  }
  assert.ok(seen.endsWith("\x1b[?25h"), "the cursor is shown again");
  assert.equal(terminal.finalOutput(), "");
});

Deno.test("help takes the alternate screen, and gives the picker's rows back as they were", async () => {
  const clock = new ManualClock();
  const terminal = new MemoryTerminal();
  const options = { area: "inline", color: false, mouse: true } as const;
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
  assert.ok(
    terminal.finalOutput().includes("\x1b[?1049l"),
    "an end in the help leaves its screen",
  );
});
