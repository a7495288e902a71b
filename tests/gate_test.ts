/**
 * The gate before changes of pods, from the command line to the pods: every way to change them, with and without a
 * terminal, for few and for many pods, and with nothing that chooses them.
 */
import assert from "node:assert/strict";
import type { Multiplexer } from "../src/actions/tmux/events.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import type { Invocation } from "../src/cli/invocation.ts";
import { programOf } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import type { LocalFiles } from "../src/copy/local_files.ts";
import type { PodScript } from "../src/exec/testing/simulated_pod.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";

const changing = "steps:\n  - exec: [rm, -f, /tmp/x]\n    select: { match: w }\n";
const kubectl = "select: { match: w }\nsteps:\n  - kubectl: [delete, pod, w-0]\n";
const later =
  "select: { match: w }\nsteps:\n  - id: a\n    exec: [hostname]\n    outputMode: none\n" +
  "  - exec: [rm, x]\n    targets: ${{ steps.a.ok }}\n";

/** Workflows by name: those in /shipped come with the program, those in /project are a repository's. */
const files = {
  "/shipped/short.yaml": "match: w\ncommand: [rm, -f, /tmp/x]\n",
  "/shipped/wide.yaml": "command: [rm, -f, /tmp/x]\n",
  "/shipped/steps.yaml": changing,
  "/shipped/kubectl.yaml": kubectl,
  "/shipped/later.yaml": later,
  "/shipped/shadowed.yaml": "match: w\ncommand: [hostname]\n",
  "/project/workflows/shadowed.yaml": "match: w\ncommand: [hostname, -f]\n",
  "/shipped/same.yaml": "match: w\ncommand: [hostname]\n",
  "/project/workflows/same.yaml": "match: w\ncommand: [hostname]\n",
  "/project/workflows/mine.yaml": "match: w\ncommand: [rm, -f, /tmp/x]\n",
  "/project/workflows/line.yaml": "match: w\ncommand: ls\n",
  "/project/workflows/reading.yaml": "match: w\ncommand: [hostname]\n",
  "/project/workflows/mysteps.yaml": changing,
  "/project/workflows/looking.yaml": "steps:\n  - exec: [hostname]\n    select: { match: w }\n",
};

/** What happened, as words: `asked` (the gate's question), `trust` (that of trust), `picked`, then the end. */
interface Played {
  words: string;
  stderr: string;
  files: ReadonlyMap<string, string>;
}

interface Fixture {
  pods: number;
  /** What is typed at every question; undefined without a terminal. */
  typed: string | undefined;
  more?: Readonly<Record<string, string>>;
  program?: string;
}

function podsOf(count: number, begun: Set<string>): Record<string, PodScript> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => {
    const script: PodScript = {
      get openMs() {
        begun.add(`w-${index}`);
        return 1;
      },
      output: [],
      end: { kind: "exited", exitCode: 0 },
      diesOn: "TERM",
    };
    return [`w-${index}`, script];
  }));
}

async function play(argv: readonly string[], fixture: Fixture): Promise<Played> {
  const begun = new Set<string>();
  const { host, clock, files: all } = simulatedHost(
    { lab: { pods: podsOf(fixture.pods, begun) } },
    {
      files: { ...files, ...fixture.more },
    },
  );
  const { typed } = fixture;
  let answers = 0;
  const next = () => {
    answers += 1;
    // No one types more than the questions ask for: a stream that is always ready would keep all else from happening.
    if (answers > 3) return new Promise<never>(() => {});
    return Promise.resolve({ value: typed ?? "", done: typed === undefined });
  };
  const terminal = new MemoryTerminal({
    terminals: typed === undefined ? [] : ["stdin", "stderr", "stdout"],
    size: { columns: 80, rows: 24 },
    input: { [Symbol.asyncIterator]: () => ({ next }) } as AsyncIterable<string>,
  });
  const panes: string[] = [];
  const ran: string[] = [];
  const reported = { [Symbol.dispose]: () => {} };
  const invocation = {
    program: programOf(fixture.program ?? "kodama"),
    terminal,
    signals: { listen: () => reported },
    environment: (name: string) => name === "TERM" ? "dumb" : undefined,
    willDial: () => {},
    host: () =>
      Promise.resolve({
        ...host,
        copyFiles: () => Promise.resolve(localFiles),
        workflowMachine: () =>
          Promise.resolve({
            local: {
              protectedPaths: [],
              variables: () => Promise.resolve(new Map()),
              readText: () => Promise.resolve(undefined),
              run: (words: readonly string[]) => {
                ran.push(words.join(" "));
                return Promise.resolve({ exitCode: 0, stdout: "", stderr: "", truncated: false });
              },
              hold: () => Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() }),
            },
            runScript: () => Promise.reject(new Error("no script")),
          }),
      }),
    multiplexer: () => Promise.resolve(multiplexerOf(panes)),
    serveCluster: () => Promise.reject(new Error("unused")),
    serveSync: () => Promise.reject(new Error("unused")),
    serveEditor: () => Promise.reject(new Error("unused")),
  } as unknown as Invocation;
  const code = await clock.runUntil(run(argv, invocation));
  const stderr = terminal.written("stderr");
  const changed = begun.size > 0 || panes.length > 0 || ran.length > 0;
  const words = [
    ...(stderr.includes("Trust it?") ? ["trust"] : []),
    ...(stderr.includes("Continue?") ? ["asked"] : []),
    changed ? "ran" : code === 2 ? "refused" : code === 130 ? "left" : "stopped",
  ];
  return { words: words.join(" "), stderr, files: all };
}

const localFiles: LocalFiles = {
  kindOf: () => Promise.resolve("file"),
  source: (path) =>
    Promise.resolve({
      kind: "file",
      size: 0,
      mode: 0o644,
      mtime: 0,
      key: path,
      checksum: undefined,
      read: async function* () {},
    }),
  partialFile: () => Promise.reject(new Error("unused")),
  unpackFolder: () => Promise.reject(new Error("unused")),
  crc32: () => Promise.reject(new Error("unused")),
  sha256: () => Promise.reject(new Error("unused")),
};

function multiplexerOf(panes: string[]): Multiplexer {
  return {
    run: ([name = ""]) => {
      if (/^(new|split)-/.test(name)) panes.push(name);
      const stdout = name === "-V" ? "tmux 3.4\n" : /^new-|^split-/.test(name) ? "$0 @0 %0\n" : "";
      return Promise.resolve({ code: name === "has-session" ? 1 : 0, stdout, stderr: "" });
    },
    lendTerminal: () => Promise.resolve(0),
    kodamaWords: () => ["kodama"],
  };
}

/** A way to change pods: its arguments, and what comes of it in each column of {@link columns}. */
interface Row {
  argv: string;
  /** The arguments that choose pods: left out in the last two columns; without them those are not played. */
  choice?: string;
  ends: string;
}

const columns = [
  [1, undefined],
  [10, undefined],
  [11, undefined],
  [1, "y\n"],
  [10, "y\n"],
  [11, "y\n"],
] as const;

const reads = "ran     ran     ran     | ran   ran   ran       ";
const gated = "ran     ran     refused | ran   ran   asked ran ";
const always = "refused refused refused | asked ran asked ran asked ran";
const untrusted = "stopped stopped stopped | trust ran trust ran trust asked ran";

const table: readonly Row[] = [
  { argv: "exec {} -- hostname", choice: "-m w", ends: reads },
  { argv: "exec {} -- rm x", choice: "-m w", ends: gated },
  { argv: "exec {} -- /tmp/ls", choice: "-m w", ends: gated },
  { argv: "exec {} --shell -- ls", choice: "-m w", ends: gated },
  { argv: "exec {} --yes -- rm x", choice: "-m w", ends: reads },
  { argv: "exec {} -- rm x", choice: "--all", ends: gated },
  { argv: "cp {} ./a :/tmp/", choice: "-m w", ends: gated },
  { argv: "tmux {} -d -- rm x", choice: "-m w", ends: gated },
  { argv: "tmux {} -d -- hostname", choice: "-m w", ends: reads },
  { argv: "tmux {} -d", choice: "-m w", ends: gated },
  { argv: "run short", ends: gated },
  { argv: "run wide", ends: gated },
  { argv: "run wide {} -- rm x", choice: "-m w", ends: gated },
  { argv: "run short -- rm x", ends: gated },
  { argv: "run steps", ends: gated },
  { argv: "run steps --yes", ends: reads },
  { argv: "run later", ends: gated },
  { argv: "run kubectl", ends: always },
  { argv: "run mine", ends: untrusted },
  { argv: "run mine --trust", ends: gated },
  { argv: "run mine -- hostname", ends: reads },
  { argv: "run line", ends: untrusted },
  { argv: "run reading", ends: reads },
  { argv: "run mysteps", ends: untrusted },
  { argv: "run mysteps --trust", ends: gated },
  { argv: "run looking", ends: reads },
  { argv: "run same", ends: reads },
  { argv: "run shadowed", ends: "stopped stopped stopped | trust ran trust ran trust ran" },
];

/** `trust ran asked ran` as the ends that its words belong to. */
function endsOf(text: string): string[] {
  return text.match(/(?:trust |asked )*(?:ran|refused|stopped|left)/g) ?? [];
}

Deno.test("the gate: each way to change pods runs, asks or is refused as its row says", async () => {
  for (const { argv, choice = "", ends } of table) {
    const words = argv.replace("{}", choice).split(" ").filter((word) => word !== "");
    const expected = endsOf(ends);
    assert.equal(expected.length, columns.length, argv);
    for (const [at, [pods, typed]] of columns.entries()) {
      const what = `${argv} in ${pods} pods ${typed === undefined ? "without" : "on"} a terminal`;
      const played = await play(words, { pods, typed });
      assert.equal(played.words, expected[at], `${what}\n${played.stderr}`);
      if (!played.words.includes("asked")) continue;
      // No is no, and so is silence.
      const declined = await play(words, {
        pods,
        typed: played.words.includes("trust") ? "" : "n\n",
      });
      assert.match(declined.words, /stopped$/, `${what}, declined`);
    }
  }
});

Deno.test("the gate: without a choice of pods nothing changes, however few there are", async () => {
  for (const { argv } of table.filter(({ choice }) => choice !== undefined)) {
    const words = argv.replace("{} ", "").replace(" {}", "").split(" ");
    const { words: end, stderr } = await play(words, { pods: 1, typed: undefined });
    assert.equal(end, "refused", `${argv}\n${stderr}`);
    assert.match(stderr, /^error: no pods are chosen\n/, argv);
    // On a terminal a picker begins, which this host has nothing for.
    assert.equal((await play(words, { pods: 1, typed: "y\n" })).words, "stopped", argv);
  }
  const both = await play(["exec", "w-0", "--all", "--", "rm"], { pods: 1, typed: undefined });
  assert.match(both.stderr, /^error: --all and a choice of pods can't be used together\n/);
});

Deno.test("the gate: settings guard contexts and know more commands that read", async () => {
  const exec = (config: string, line: string, typed?: string) =>
    play(["exec", "-m", "w", "--", ...line.split(" ")], {
      pods: 2,
      typed,
      more: { "/config/config.yaml": `${config}\n` },
    });
  assert.equal((await exec("gate: {contexts: {'la*': ask}}", "rm x")).words, "refused");
  assert.equal((await exec("gate: {contexts: {'la*': ask}}", "rm x", "y\n")).words, "asked ran");
  assert.equal((await exec("gate: {contexts: {'la*': ask}}", "hostname")).words, "ran");
  assert.equal((await exec("gate: {contexts: {'prod': ask}}", "rm x")).words, "ran");
  assert.equal((await exec("exec: {confirmAbove: 1}", "redis-cli info")).words, "refused");
  const known = await exec("exec: {confirmAbove: 1, readOnly: [redis-cli info]}", "redis-cli info");
  assert.equal(known.words, "ran");
  const repository = { "/project/.kodama.yaml": "exec: {confirmAbove: 1000}\n" };
  const words = ["exec", "-m", "w", "--", "rm", "x"];
  const loosened = await play(words, { pods: 11, typed: undefined, more: repository });
  assert.equal(loosened.words, "refused", "a repository can't weaken the gate");
});

Deno.test("the gate: the last run is shown and confirmed before it is repeated; a named one as any command", async () => {
  for (const [command, unnamed] of [["rm x", "asked ran"], ["hostname", "ran"]] as const) {
    const first = await play(["exec", "-m", "w", "--", ...command.split(" ")], {
      pods: 2,
      typed: undefined,
    });
    const more = Object.fromEntries(first.files);
    const id = [...first.files.keys()].find((path) => path.startsWith("/config/runs/"))
      ?.replace(/^.*\/|\.jsonl$/g, "") ?? "";
    const again = (argv: string[], typed: string | undefined) =>
      play(["runs", "rerun", ...argv], { pods: 2, typed, more });
    const asked = await again([], "y\n");
    assert.equal(asked.words, unnamed, asked.stderr);
    assert.ok(asked.stderr.startsWith(`rerun of ${id}: ${command} in 2 pods of n (context lab)\n`));
    assert.equal((await again([], undefined)).words, unnamed === "ran" ? "ran" : "refused");
    assert.equal((await again([id], undefined)).words, "ran");
  }
});

Deno.test("the gate: kwekash is the shipped one, whatever a repository calls by its name", async () => {
  const more = {
    "/shipped/kwekash.yaml": "match: w\ncommand: [hostname]\n",
    "/project/workflows/kwekash.yaml": "match: w\ncommand: [rm, x]\n",
  };
  const own = await play([], { pods: 1, typed: undefined, more, program: "kwekash" });
  assert.equal(own.words, "ran");
  const theirs = await play(["run", "kwekash"], { pods: 1, typed: "n\n", more });
  assert.equal(theirs.words, "trust stopped");
  assert.match(theirs.stderr, /^workflow kwekash: workflows\/kwekash\.yaml\n/);
  assert.match(theirs.stderr, /\nIt hides the workflow kwekash that is built in\.\n/);
  assert.match(theirs.stderr, /\n {2}change its pods: exec rm x\n/);
});

Deno.test("the gate: a workflow's question names its steps and all of its pods, and comes once", async () => {
  const more = {
    "/shipped/two.yaml": changing + "  - exec: [touch, y]\n    select: { match: w }\n",
  };
  const { stderr, words } = await play(["run", "two"], { pods: 12, typed: "y\n", more });
  assert.equal(words, "asked ran");
  assert.equal(stderr.split("Continue?").length, 2);
  assert.ok(
    stderr.startsWith(`Workflow two may change 12 pods:
  exec-1  exec rm -f /tmp/x
  exec-2  exec touch y
  context    lab
  namespace  n
  pods       w-[0-11]
Continue? [y/N, l lists the pods] `),
    stderr,
  );
});

Deno.test("the gate: a pod that several steps change counts once", async () => {
  const more = {
    "/shipped/two.yaml": changing + "  - exec: [touch, y]\n    select: { match: w }\n",
  };
  assert.equal((await play(["run", "two"], { pods: 6, typed: undefined, more })).words, "ran");
  assert.equal((await play(["run", "two"], { pods: 11, typed: undefined, more })).words, "refused");
});
