/** Shells in panes: keys and sizes to the pod, its output on the screen, and every end. */
import assert from "node:assert/strict";
import type { ShellEvent } from "../../actions/shell/events.ts";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { KodamaError } from "../../base/errors.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneContext } from "../pane.ts";
import { defaultTheme } from "../theme.ts";
import { type ShellStreams, TerminalPane } from "./terminal_pane.ts";

const size = { columns: 40, rows: 5 };
const target = {
  context: "c",
  namespace: "shop",
  pod: "web-0",
  container: "app",
  node: "n",
  ip: "10.0.0.1",
};
const attached: ShellEvent = { kind: "attached", target, multiplexer: undefined, state: "new" };
const output = (text: string): ShellEvent => ({
  kind: "output",
  stream: "stdout",
  bytes: new TextEncoder().encode(text),
});
const ended = (
  end: Extract<ShellEvent, { kind: "ended" }>["end"],
  exitCode: number,
): ShellEvent => ({
  kind: "ended",
  target,
  end,
  exitCode,
});

/** A pane whose shell a test plays. */
function opened(play: (streams: ShellStreams) => AsyncGenerator<ShellEvent, void>) {
  const requests: ShellStreams[] = [];
  const toasts: string[] = [];
  let wake = Promise.withResolvers<void>();
  const context: PaneContext = {
    pane: 1,
    host: simulatedHost({}).host,
    scope: { namespaces: { kind: "default" }, context: "c" },
    kube: undefined,
    config: {},
    theme: defaultTheme,
    emit: (event) => {
      if (event.kind === "toast") toasts.push(event.text);
      wake.resolve();
      wake = Promise.withResolvers();
    },
    ask: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
  };
  const pane = new TerminalPane(context, {
    title: "shell in web-0",
    open(streams) {
      requests.push(streams);
      return Promise.resolve({ events: play(streams), reasonOf: ({ kind }) => kind });
    },
  });
  const shown = () => pane.view(size, { focused: true, nowMs: 0 }).map(lineText);
  return {
    pane,
    requests,
    toasts,
    async shows(...lines: string[]) {
      while (shown().filter((line) => line !== "").join("\n") !== lines.join("\n")) {
        await wake.promise;
      }
    },
  };
}

/** Writes typed text back until a Ctrl-D. */
async function* echo(options: ShellStreams): AsyncGenerator<ShellEvent, void> {
  yield attached;
  yield output("$ ");
  for await (const bytes of options.stdin) {
    const text = new TextDecoder().decode(bytes);
    if (text === "\x04") return yield ended({ outcome: { kind: "failed", exitCode: 3 } }, 3);
    yield output(text.replace("\r", "\r\n").replace("\x1b", "^["));
  }
}

Deno.test("keys, texts and pastes go to the pod once the shell is attached; its output is shown", async () => {
  const { pane, shows, requests } = opened(echo);
  assert.equal(requests.length, 0, "nothing is opened without a size");
  pane.onResize(size);
  await shows("$  ");
  assert.equal(pane.takesKeys, true);
  assert.equal(pane.running, "shell in web-0");
  pane.onInput({ kind: "text", text: "ls" });
  pane.onInput({ kind: "key", key: "enter" });
  pane.onInput({ kind: "key", key: "up" });
  await shows("$ ls", "^[[A ");
  pane.onInput({ kind: "key", key: "ctrl-d" });
  await shows("$ ls", "^[[A", "the shell has exited (3)");
  assert.equal(pane.takesKeys, false);
  assert.deepEqual(requests[0]?.terminal.size, size);
  pane.act("terminal-restart");
  await shows("$  ");
  pane.onInput({ kind: "key", key: "ctrl-d" });
  await shows("$", "the shell has exited (3)");
  await pane.close();
});

Deno.test({
  name: "the pod gets the last of the pane's sizes",
  // xterm frees the memory of a smaller screen later, by a timer that it doesn't end.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { pane, shows } = opened(async function* ({ terminal }) {
      yield attached;
      for await (const { columns, rows } of terminal.sizes) {
        yield output(`${columns}x${rows} `);
        if (rows === 9) return yield ended({ outcome: { kind: "ok" } }, 0);
      }
    });
    pane.onResize(size);
    await shows("40x5  ");
    for (const rows of [6, 7, 8, 9]) pane.onResize({ columns: 40, rows });
    await shows("40x5 40x9", "the shell has exited (0)");
    await pane.close();
  },
});

Deno.test("the pod gets every character of a paste, with the marks if its program asked for them", async () => {
  const pasted = `#é\r\n`.repeat(1_000_000);
  const received: string[] = [];
  const { pane, shows } = opened(async function* ({ stdin }) {
    yield attached;
    yield output("$ ");
    for await (const bytes of stdin) {
      const text = new TextDecoder().decode(bytes);
      if (text === "\x04") return yield ended({ outcome: { kind: "ok" } }, 0);
      received.push(text);
      yield output(received.length === 1 ? "\x1b[?2004h1 " : "2 ");
    }
  });
  pane.onResize(size);
  await shows("$  ");
  const paste = { kind: "paste", text: pasted } as const;
  pane.onInput(paste);
  await shows("$ 1  ");
  pane.onInput(paste);
  await shows("$ 1 2  ");
  pane.onInput({ kind: "key", key: "ctrl-d" });
  await shows("$ 1 2", "the shell has exited (0)");
  const sent = pasted.replaceAll("\r\n", "\r");
  assert.ok(received[0] === sent && received[1] === `\x1b[200~${sent}\x1b[201~`);
  await pane.close();
});

Deno.test("what is typed while the pod reads nothing is bounded", async () => {
  const reads = Promise.withResolvers<void>();
  let count = 0;
  const { pane, shows, toasts } = opened(async function* ({ stdin }) {
    yield attached;
    yield output("$ ");
    await reads.promise;
    for await (const bytes of stdin) {
      if (++count === 256) yield output("all ");
      if (new TextDecoder().decode(bytes) === "\x04") {
        return yield ended({ outcome: { kind: "ok" } }, 0);
      }
    }
  });
  pane.onResize(size);
  await shows("$  ");
  for (let key = 0; key < 2000; key++) pane.onInput({ kind: "text", text: "x" });
  pane.onInput({ kind: "paste", text: "rm -r /tmp/x" });
  assert.deepEqual(toasts, ["paste dropped: the shell takes no more input now"]);
  reads.resolve();
  await shows("$ all  ");
  pane.onInput({ kind: "key", key: "ctrl-d" });
  await shows("$ all", "the shell has exited (0)");
  assert.equal(count, 257, "the keys that were stored, and the last one");
  await pane.close();
});

Deno.test("a shell that can't be opened, and one whose connection ends, say why", async () => {
  // deno-lint-ignore require-yield -- it fails before
  const refused = opened(async function* () {
    throw new KodamaError("forbidden", "you can't exec in \x1b[2Jshop");
  });
  refused.pane.onResize(size);
  await refused.shows("you can't exec in \\x1b[2Jshop");
  await refused.pane.close();
  const cut = opened(async function* () {
    yield attached;
    yield output("work");
    yield ended({ outcome: { kind: "unknown", reason: "the connection was cut" } }, 1);
  });
  cut.pane.onResize(size);
  await cut.shows("work", "the shell has ended: unknown");
  await cut.pane.close();
});

Deno.test("a shell that remains in the pod can be left without a question", async () => {
  const { pane, shows } = opened(async function* ({ signal }) {
    yield { ...attached, multiplexer: "tmux" };
    yield output("runs");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  });
  pane.onResize(size);
  await shows("runs ");
  assert.deepEqual([pane.takesKeys, pane.running], [true, undefined]);
  await pane.close();
});

Deno.test("closing the pane ends the shell", async () => {
  let isOver = false;
  const { pane, shows } = opened(async function* ({ signal }) {
    yield attached;
    yield output("runs");
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    isOver = true;
  });
  pane.onResize(size);
  await shows("runs ");
  await pane.close();
  assert.equal(isOver, true);
});
