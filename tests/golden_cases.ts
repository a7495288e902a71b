/** What the golden files hold: help of every command, and every error that needs no cluster. */
import type { Host } from "../src/actions/host.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import { programOf } from "../src/cli/program.ts";
import { run } from "../src/cli/run.ts";
import type { Branch } from "../src/cli/parser/node.ts";
import { tree } from "../src/cli/tree.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { brokenWorkflows } from "./broken_workflows.ts";

/** One golden file. */
export interface GoldenCase {
  /** Path below `tests/golden/`. */
  file: string;
  /** Under which name kodama is started. */
  program: string;
  argv: readonly string[];
  /** Files of the machine, by path; without them a command that reaches for it fails. */
  files?: Readonly<Record<string, string>>;
}

/** Command lines that are wrong, by the name of their file. `--` and all, as a shell splits them. */
const errors: Readonly<Record<string, readonly string[]>> = {
  "unknown-command": ["exce", "web-0", "--", "id"],
  "unknown-subcommand": ["cluster", "upp"],
  "unknown-command-far": ["frobnicate"],
  "no-command": ["-n", "prod"],
  "unknown-flag": ["exec", "--namspace", "prod", "--", "id"],
  "unknown-short-flag": ["exec", "-izt", "web-0", "--", "sh"],
  "unknown-short-flag-alone": ["exec", "-z", "web-0", "--", "sh"],
  "flag-needs-value": ["exec", "web-0", "--timeout", "--", "id"],
  "bad-boolean": ["exec", "--tty=maybe", "web-0", "--", "sh"],
  "bad-duration": ["exec", "--timeout", "5 minutes", "web-0", "--", "id"],
  "bad-count": ["exec", "--fanout", "0", "web-0", "--", "id"],
  "bad-choice": ["exec", "--output-mode", "folded", "web-0", "--", "id"],
  "bad-pattern": ["exec", "-m", "/we(b/", "--", "id"],
  "empty-pattern": ["exec", "-m", "", "--", "id"],
  "bad-kind": ["exec", "deplyo/web", "--", "id"],
  "bad-operand": ["exec", "deploy/", "--", "id"],
  "bad-environment": ["exec", "web-0", "--env", "1A=b", "--", "id"],
  "exec-no-command": ["exec", "web-0", "id"],
  "exec-empty-command": ["exec", "web-0", "--"],
  "namespaces-contradict": ["exec", "-n", "prod", "-A", "--", "id"],
  "sort-contradicts": ["pods", "--sort", "age", "--shuffle"],
  "output-contradicts": ["exec", "web-0", "-o", "json", "--output-mode", "fold", "--", "id"],
  "fold-stderr-alone": ["exec", "web-0", "--fold-stderr", "--", "id"],
  "bad-batches": ["exec", "-m", "web", "--serial", "1,0", "--", "id"],
  "bad-max-fail": ["exec", "-m", "web", "--max-fail", "120%", "--", "id"],
  "diff-contradicts": ["exec", "-m", "web", "--diff", "--output-mode", "prefix", "--", "id"],
  "diff-and-json": ["exec", "-m", "web", "--diff", "-o", "json", "--", "id"],
  "events-alone": ["exec", "-m", "web", "--events", "--", "id"],
  "force-alone": ["exec", "-m", "web", "--force", "--", "id"],
  "progress-and-text": ["exec", "-m", "web", "--progress", "json", "--", "id"],
  "tty-and-output": ["exec", "-it", "web-0", "--output-mode", "group", "--", "sh"],
  "shell-kept-contradicts": ["shell", "web-0", "--new", "--keep-for", "0"],
  "shell-kept-too-long": ["shell", "web-0", "--keep-for", "48h"],
  "tmux-sync-contradicts": ["tmux", "deploy/web", "--sync", "--no-sync"],
  "tmux-bad-session": ["tmux", "deploy/web", "--session", "a:b"],
  "tmux-bad-layout": ["tmux", "deploy/web", "--layout", "tile"],
  "trust-no-workflow": ["workflow", "trust", "add"],
  "trust-revoke-nothing": ["workflow", "trust", "revoke"],
  "trust-revoke-contradicts": ["workflow", "trust", "revoke", "deploy", "--all"],
  "cp-one-side": ["cp", "web-0:/etc/hosts"],
  "cp-no-pod": ["cp", "./a", "./b"],
  "cp-no-path": ["cp", "web-0:", "."],
  "cp-bad-side": ["cp", "a/b/c:/d", "."],
  "cp-many-sources": ["cp", "-m", "web", ":/a", "web-0:/b"],
  "cp-named-twice": ["cp", "-m", "web", "web-0:/a", "."],
  "prompt-none": ["prompt", "my-work"],
  "prompt-twice": ["prompt", "my-work", "do it", "--file", "task.md"],
  "prompt-follow-json": ["prompt", "my-work", "do it", "-f", "-o", "json"],
  "prompt-bad-name": ["prompt", "My_Work", "do it"],
  "prompt-no-pod": ["prompt", "pod/", "do it"],
  "logs-template-and-times": ["logs", "web-0", "--template", "{message}", "--timestamps"],
  "logs-agent-contradicts": ["logs", "--agent", "my-work", "--tail", "5"],
  "logs-agent-many": ["logs", "--agent", "my-work", "other"],
  "agent-unknown": ["agent", "lsit"],
  "words-after-dashes": ["pods", "--", "id"],
  "unexpected-operand": ["version", "please"],
  "missing-operand": ["run"],
  "completion-unknown-shell": ["completion", "bahs"],
  "help-unknown-command": ["help", "cluster", "dwon"],
  "error-as-json": ["exec", "-o", "json", "--timeout", "soon", "web-0", "--", "id"],
};

/** Every case. Found by walking the tree, so that a new command has its file or the test fails. */
export function goldenCases(): GoldenCase[] {
  const kodama = "kodama";
  const helps = [...places(tree)].map((path): GoldenCase => ({
    file: `help/${["kodama", ...path].join("-")}.txt`,
    program: kodama,
    argv: [...path, "--help"],
  }));
  const names = ["kpod", "kwekash", "kubectl-kodama"].map((program): GoldenCase => ({
    file: `help/as-${program}.txt`,
    program,
    argv: ["--help"],
  }));
  const brief = ["exec", "version"].map((command): GoldenCase => ({
    file: `help/brief-${command}.txt`,
    program: kodama,
    argv: [command, "-h"],
  }));
  const wrong = Object.entries(errors).map(([name, argv]): GoldenCase => ({
    file: `errors/${name}.txt`,
    program: kodama,
    argv,
  }));
  const broken = Object.entries(brokenWorkflows).map(([name, files]): GoldenCase => ({
    file: `workflows/${name}.txt`,
    program: kodama,
    argv: ["workflow", "check", "./w.yaml"],
    files: Object.fromEntries(
      Object.entries(typeof files === "string" ? { "w.yaml": files } : files)
        .map(([file, text]) => [`/project/${file}`, text]),
    ),
  }));
  return [...helps, ...brief, ...names, ...wrong, ...broken];
}

function* places(branch: Branch, path: readonly string[] = []): Generator<readonly string[]> {
  yield path;
  for (const [name, node] of Object.entries(branch.commands)) {
    if (node.kind === "branch") yield* places(node, [...path, name]);
    else if (node.synonymOf === undefined) {
      yield [...path, name];
      for (const below of Object.keys(node.commands ?? {})) yield [...path, name, below];
    }
  }
}

/** The text of a golden file: the command line, what it writes to each stream, and its exit code. */
export async function goldenText({ program, argv, files }: GoldenCase): Promise<string> {
  const terminal = new MemoryTerminal();
  const exitCode = await run(argv, {
    program: programOf(program),
    terminal,
    signals: { listen: () => ({ [Symbol.dispose]: () => {} }) },
    environment: () => undefined,
    willDial: () => {},
    host: () =>
      files === undefined
        ? Promise.reject<Host>(new Error("a golden case reached for the machine"))
        : Promise.resolve(simulatedHost({}, { files }).host),
    multiplexer: () => Promise.reject(new Error("a golden case reached for tmux")),
    serveCluster: () => Promise.reject<void>(new Error("a golden case began to serve")),
    serveSync: () => Promise.reject<void>(new Error("a golden case began to sync")),
    serveEditor: () => Promise.reject<boolean>(new Error("a golden case served an editor")),
    serveTools: () => Promise.reject<void>(new Error("a golden case served tools")),
    serveWeb: () => Promise.reject<void>(new Error("a golden case served the page")),
  });
  const line = [program, ...argv].map(quoted).join(" ");
  const streams = (["stdout", "stderr"] as const)
    .map((stream) => [stream, terminal.written(stream)] as const)
    .filter(([, text]) => text !== "")
    .map(([stream, text]) => `--- ${stream}\n${text}`);
  return `$ ${line}\n${streams.join("")}--- exit code ${exitCode}\n`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The folder of the golden files. */
export const goldenFolder = new URL("golden/", import.meta.url);
