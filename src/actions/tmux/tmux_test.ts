/** Walls of panes on a test's tmux: refusals, confirmations, and removals. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Multiplexer, ProgramEnd, TmuxEvent, TmuxOptions } from "./events.ts";
import { paneArgv } from "../../tmux/commands.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { tmux } from "./tmux.ts";

const said = (stdout: string): ProgramEnd => ({ code: 0, stdout, stderr: "" });

/** Answers as tmux would; `answer` is tried first. */
class FakeTmux implements Multiplexer {
  readonly lines: (readonly string[])[] = [];
  readonly lent: (readonly string[])[] = [];
  #panes = 0;
  #windows = 0;

  constructor(
    readonly answer: (words: readonly string[]) => ProgramEnd | undefined = () => undefined,
  ) {}

  run(words: readonly string[]): Promise<ProgramEnd> {
    this.lines.push(words);
    return Promise.resolve(this.answer(words) ?? this.#usual(words));
  }

  lendTerminal(words: readonly string[]): Promise<number> {
    this.lent.push(words);
    return Promise.resolve(0);
  }

  kodamaWords(): string[] {
    return ["/bin/kodama"];
  }

  #usual([name]: readonly string[]): ProgramEnd {
    switch (name) {
      case "-V":
        return said("tmux 3.4\n");
      case "new-session":
      case "new-window":
        return said(`$0 @${this.#windows++} %${this.#panes++}\n`);
      case "split-window":
        return said(`%${this.#panes++}\n`);
      case "display-message":
        return said("$7 90 20 mine\n");
      case "has-session":
      case "show-environment":
        return { code: 1, stdout: "", stderr: "none" };
      default:
        return said("");
    }
  }

  /** The tmux command names of all command lines. */
  get names(): (string | undefined)[] {
    return this.lines.map(([name]) => name);
  }
}

interface Scene {
  answer?: FakeTmux["answer"];
  pods?: readonly string[];
  env?: Record<string, string>;
  options?: Partial<TmuxOptions>;
}

async function wall({ answer, pods = ["web-0", "web-1", "web-2"], env = {}, options }: Scene) {
  const script = {
    openMs: 0,
    output: [],
    end: { kind: "exited", exitCode: 0 },
    diesOn: "TERM",
  } as const;
  const cluster = { pods: Object.fromEntries(pods.map((pod) => [pod, script])) };
  const { host, clock } = simulatedHost({ lab: cluster }, { env });
  const multiplexer = new FakeTmux(answer);
  const all: TmuxOptions = {
    contexts: [],
    selection: {
      ...{ namespaces: { kind: "default" }, operands: [], match: [], exclude: [] },
      ...{ sort: "name", shuffle: false, allPhases: false },
    },
    ...{ command: [], layout: "tiled", sync: true, detach: true, remain: "failed" },
    ...{ shellFlags: ["--keep-for=1ms"], writes: [], size: { columns: 200, rows: 50 } },
    terminal: false,
    signal: new AbortController().signal,
    ...options,
  };
  const events = Array.fromAsync(tmux({ host, multiplexer }, all));
  const result: TmuxEvent[] | KodamaError = await clock.runUntil(events).catch((error) => error);
  return { result, multiplexer };
}

Deno.test("a pane for each pod, with words that name it in full", async () => {
  const { result, multiplexer } = await wall({ options: { command: ["top"] } });
  assert.deepEqual(result, [
    { kind: "opened", session: "kodama", panes: 3, windows: 1, shown: "later" },
  ]);
  const splits = multiplexer.lines.filter(([name]) => name === "split-window");
  const words = splits.map((line) => line.slice(line.indexOf("--") + 1, line.indexOf(";")));
  const own = ["/bin/kodama", "shell", "--keep-for=1ms", "--context=lab", "-n", "n", "-c", "a"];
  assert.deepEqual(words, [
    paneArgv([...own, "web-1", "--", "top"]),
    paneArgv([...own, "web-2", "--", "top"]),
  ]);
});

Deno.test("where tmux refuses in the middle, what was made is taken away", async () => {
  const { result, multiplexer } = await wall({
    answer: ([name]) =>
      name === "split-window"
        ? { code: 1, stdout: "", stderr: "no space for new pane\n" }
        : undefined,
  });
  assert.ok(result instanceof KodamaError);
  assert.equal(result.message, "tmux: no space for new pane");
  assert.deepEqual(multiplexer.lines.at(-1), ["kill-window", "-t", "@0"]);
});

Deno.test("a cancel in the middle takes away what was made", async () => {
  const stop = new AbortController();
  const { result, multiplexer } = await wall({
    answer: ([name]) => {
      if (name === "new-session") stop.abort(new KodamaError("cancelled", "stopped by SIGINT"));
      return undefined;
    },
    options: { signal: stop.signal },
  });
  assert.ok(result instanceof KodamaError);
  assert.equal(result.kind, "cancelled");
  assert.deepEqual(multiplexer.lines.at(-1), ["kill-window", "-t", "@0"]);
});

Deno.test("a server's invalid name doesn't get into a command line", async () => {
  for (const pod of ["-t", "web;kill-server", "#(touch x)", "web 0", "Web"]) {
    const { result, multiplexer } = await wall({ pods: [pod] });
    assert.ok(result instanceof KodamaError, pod);
    assert.equal(result.kind, "server");
    assert.deepEqual(multiplexer.names, ["-V"]);
  }
});

Deno.test("what is too old, not confirmed or can't be shown makes nothing", async () => {
  const ask = () => Promise.resolve(false);
  const cases: [RegExp, Scene][] = [
    [/tmux 3\.1c is too old/, {
      answer: ([name]) => name === "-V" ? said("tmux 3.1c\n") : undefined,
    }],
    [/cancelled/, { options: { command: ["reboot"], confirm: { above: 2, ask } } }],
    [/needs a terminal/, { options: { detach: false } }],
    [/has a session "night" already/, {
      answer: ([name]) => name === "list-sessions" ? said("a\nnight\n") : undefined,
      options: { session: "night" },
    }],
  ];
  for (const [message, scene] of cases) {
    const { result, multiplexer } = await wall(scene);
    assert.ok(result instanceof KodamaError);
    assert.match(result.message, message);
    assert.ok(!multiplexer.names.includes("new-session"));
  }
});

Deno.test("what only looks isn't asked about", async () => {
  const ask = () => Promise.reject(new Error("asked"));
  const { result } = await wall({ options: { command: ["uptime"], confirm: { above: 2, ask } } });
  assert.ok(Array.isArray(result));
});

Deno.test("inside tmux: windows of the session, as many as its size needs, and shown", async () => {
  const env = { TMUX: "/sockets/x,1,0", TMUX_PANE: "%9" };
  const pods = Array.from({ length: 9 }, (_, index) => `web-${index}`);
  const { result, multiplexer } = await wall({ env, pods, options: { detach: false } });
  assert.deepEqual(result, [{
    kind: "opened",
    session: "mine",
    panes: 9,
    windows: 2,
    shown: "here",
  }]);
  assert.ok(!multiplexer.names.includes("new-session"));
  assert.deepEqual(multiplexer.lines.slice(-2), [
    ["select-window", "-t", "@0"],
    ["switch-client", "-t", "@0"],
  ]);
  assert.deepEqual(multiplexer.lent, []);
});

Deno.test("outside it is shown, and whether it goes on is said", async () => {
  const options = { detach: false, terminal: true };
  const shown = await wall({ options });
  assert.deepEqual(shown.multiplexer.lent, [["attach-session", "-t", "=kodama"]]);
  assert.deepEqual((shown.result as TmuxEvent[]).map(({ kind }) => kind), ["opened"]);
  const answer: FakeTmux["answer"] = ([name]) => name === "has-session" ? said("") : undefined;
  const left = await wall({ options, answer });
  assert.deepEqual((left.result as TmuxEvent[]).map(({ kind }) => kind), ["opened", "leftBehind"]);
});
