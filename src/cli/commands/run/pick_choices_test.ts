import assert from "node:assert/strict";
import { BoundedQueue } from "../../../base/bounded_queue.ts";
import { Changes } from "../../../base/testing/changes.ts";
import { ManualClock, quiet } from "../../../base/testing/manual_clock.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { TinyTerminal } from "../../../terminal/testing/tiny_terminal.ts";
import { askOn } from "./show_steps.ts";
import { canPick } from "./pick_choices.ts";

const texts = ["web: svc/web 8080:80", "db: svc/db 5432", "cache\u001b[2J: svc/cache 6379"];

/** A question among the texts, and a person who answers it. */
class Asked {
  readonly keys = new BoundedQueue<string>(100);
  readonly clock = new ManualClock();
  readonly stop = new AbortController();
  readonly terminal: MemoryTerminal;
  readonly answer: Promise<string | undefined>;
  readonly #changes = new Changes();

  constructor(indexed: "one" | "many", term?: string) {
    this.terminal = new MemoryTerminal({
      terminals: ["stdin", "stderr"],
      size: { columns: 60, rows: 30 },
      input: this.keys,
      // It is written after this call.
      onWrite: () => queueMicrotask(() => this.#changes.changed()),
    });
    const environment = (name: string) => name === "TERM" ? term : undefined;
    const ask = askOn({ terminal: this.terminal, environment, clock: this.clock });
    assert(ask !== undefined);
    const question = { text: "Which?", choices: texts, secret: false, free: false, indexed };
    this.answer = ask(question, this.stop.signal);
  }

  /** The question is shown: what shows it may be loaded only then. */
  async shown(): Promise<void> {
    const isShown = () =>
      this.terminal.modes.length > 0 || / 2 {2}/.test(this.terminal.written("stderr"));
    await this.#changes.holds("the question", isShown);
  }

  async type(...keys: string[]): Promise<void> {
    await this.shown();
    for (const key of keys) await this.keys.push(key);
    await quiet();
  }

  get lines(): string[] {
    const screen = new TinyTerminal(60, 30);
    screen.write(this.terminal.written("stderr"));
    return screen.lines.map((line) => line.trimEnd()).filter((line) => line !== "");
  }
}

Deno.test("a question with indexes is the picker: what is typed searches, and Enter takes it", async () => {
  const one = new Asked("one");
  await one.type("dsv");
  assert.deepEqual(one.lines, ["Which?", "> db: svc/db 5432", "  1/3  ?: help", "> dsv"]);
  await one.type("\r");
  assert.equal(await one.answer, "1");
  // Nothing but the question remains on the screen, and the keyboard is as before.
  assert.deepEqual(one.lines, ["Which?"]);
  assert.deepEqual(one.terminal.modes, ["raw", "cooked"]);
});

Deno.test("several are marked with Tab, and answered in the order of the texts", async () => {
  const many = new Asked("many");
  await many.type("cache", "\t", "\x15", "web", "\t");
  assert.match(many.lines.join("\n"), /\(2\)/);
  await many.type("\r");
  assert.equal(await many.answer, "0,2");
  const one = new Asked("one");
  await one.type("\t", "\r");
  assert.equal(await one.answer, "0", "where one is asked for, Tab marks nothing");
});

Deno.test("a choice that is left is empty, Enter on no match does nothing, and a signal ends it", async () => {
  const left = new Asked("many");
  await left.type("xyz", "\r");
  assert.match(left.lines.join("\n"), / 0\/3 [^]*> xyz$/);
  await left.type("\x03");
  assert.equal(await left.answer, "");
  const stopped = new Asked("many");
  await stopped.shown();
  stopped.stop.abort(new Error("SIGTERM"));
  await assert.rejects(stopped.answer, /SIGTERM/);
  assert.deepEqual(stopped.terminal.modes, ["raw", "cooked"]);
});

Deno.test("texts of others can't draw on the screen", async () => {
  const asked = new Asked("one");
  await asked.type("cache");
  assert.match(asked.lines.join("\n"), /cache\\x1b\[2J: svc\/cache 6379/);
  await asked.type("\x03");
  await asked.answer;
});

Deno.test("a terminal that can't overwrite its rows gets a numbered list", async () => {
  const asked = new Asked("many", "dumb");
  assert(!canPick({ terminal: asked.terminal, environment: () => "dumb" }));
  await asked.type("2,1\n");
  assert.equal(await asked.answer, "0,1");
  assert.match(asked.terminal.written("stderr"), / 2 {2}db: svc\/db 5432\n/);
});
