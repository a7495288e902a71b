/** From args to an exit code: the whole command-line front end. */
import { ClosedSinkError } from "../terminal/sink.ts";
import { success } from "./exit_codes.ts";
import {
  completeCommand,
  type Program,
  serveClusterCommand,
  serveForwardCommand,
  serveSyncCommand,
  speak,
} from "./program.ts";
import type { Invocation } from "./invocation.ts";
import { styleOf } from "./output.ts";
import { BadValue, type Flags, joinContents } from "./parser/flag.ts";
import { isFlag, resolveArgs, sortArgs } from "./parser/parse.ts";
import { badValueError } from "../operation/field.ts";
import { UsageError } from "../base/errors.ts";
import { processExitCode } from "../base/exit_code.ts";
import type { CommandLeaf, CommandNode } from "./parser/node.ts";
import { leadingValueFlags, tree } from "./tree.ts";
import { unknownCommand } from "./parser/unknown_command.ts";

/** 128 + SIGPIPE: the exit code of a program whose reader has gone. */
const readerGone = 141;

/** Runs one command line. Never throws; errors are written to standard error. */
export async function run(argv: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.terminal;
  try {
    const exitCode = processExitCode(await dispatch(argv, invocation));
    invocation.log?.log("info", "command", `ended with exit code ${exitCode}`);
    await invocation.log?.opened();
    await Promise.all([stdout.flush(), stderr.flush()]);
    return exitCode;
  } catch (error) {
    if (error instanceof ClosedSinkError) return readerGone;
    return await report(error, argv, invocation);
  }
}

async function dispatch(argv: readonly string[], invocation: Invocation): Promise<number> {
  const [hidden, ...others] = argv;
  if (hidden === completeCommand) {
    const { complete } = await import("./parser/complete.ts");
    return await complete(others, invocation);
  }
  if (hidden === serveClusterCommand) {
    await invocation.serveCluster(others);
    return success;
  }
  if (hidden === serveSyncCommand) {
    await invocation.serveSync(others[0] ?? "");
    return success;
  }
  if (hidden === serveForwardCommand) {
    const { servedArgs } = await import("./commands/forward/background.ts");
    return await dispatch(await servedArgs(others[0] ?? "", invocation), invocation);
  }
  const prepared = await prepare(argv, invocation);
  if (prepared.kind === "help") return await showHelp(prepared, invocation);
  if (invocation.log !== undefined) {
    invocation.log.named(prepared.path.join(" "));
    invocation.log.log("info", "command", "started");
  }
  return await prepared.run(invocation);
}

async function showHelp(
  { path, brief }: { path: readonly string[]; brief: boolean },
  invocation: Invocation,
): Promise<number> {
  const [{ helpPage }, { tree }] = await Promise.all([
    import("./parser/help.ts"),
    import("./tree.ts"),
  ]);
  const { terminal, program, environment } = invocation;
  const page = await helpPage(tree, path, {
    program,
    brief,
    columns: terminal.stdout.isTerminal ? terminal.size()?.columns : undefined,
    style: styleOf(terminal.stdout, environment),
  });
  await terminal.stdout.write(page);
  return success;
}

async function report(
  error: unknown,
  argv: readonly string[],
  invocation: Invocation,
): Promise<number> {
  const { reportError } = await import("./report_error.ts");
  const { terminal, environment } = invocation;
  const report = reportError(error, {
    json: wantsJson(argv),
    debug: (environment("KODAMA_DEBUG") ?? "") !== "",
    style: styleOf(terminal.stderr, environment),
  });
  const message = error instanceof Error ? error.message : String(error);
  invocation.log?.log("error", "command", `${message} (exit code ${report.exitCode})`);
  await invocation.log?.opened();
  try {
    await terminal.stdout.flush();
  } catch {
    // The error of the output may be the one that is reported; another one can't be reported as well.
  }
  try {
    await terminal.stderr.write(report.text);
    await terminal.stderr.flush();
  } catch {
    // The error can't be reported any more; the exit code still shows it.
  }
  return report.exitCode;
}

/** Returns whether the args request JSON, read without the parser: the parser may have failed. */
function wantsJson(argv: readonly string[]): boolean {
  const dashes = argv.indexOf("--");
  const ours = dashes < 0 ? argv : argv.slice(0, dashes);
  return ours.some((word, at) =>
    /^(?:-o=?|--output=|--progress=)jsonl?$/.test(word) ||
    (/^(?:-o|--output|--progress)$/.test(word) && /^jsonl?$/.test(ours[at + 1] ?? ""))
  );
}

/* From args to a prepared command: every usage error is found here, before anything happens. */

/** A checked command line. */
type Prepared =
  | { kind: "help"; path: readonly string[]; brief: boolean }
  | {
    kind: "command";
    path: readonly string[];
    run: (invocation: Invocation) => Promise<number>;
  };

/** What preparation needs: files and standard input are read only if a flag names them. */
type Preparation = Pick<
  Invocation,
  "program" | "environment" | "willDial" | "host" | "terminal"
>;

/** Chooses the command, loads it, and resolves its args. Throws `UsageError`. */
export async function prepare(
  argv: readonly string[],
  { program, environment, willDial, ...reading }: Preparation,
): Promise<Prepared> {
  const choice = await choose(argv, program);
  const { path } = choice;
  if (choice.kind === "help") return { kind: "help", path, brief: choice.brief };
  if (choice.leaf.dials) willDial();
  const { command } = await choice.leaf.load();
  const spoken = speak(program, ["kodama", ...path].join(" "));
  const sorted = await sortArgs(command, choice.args, spoken, path.join(" "));
  try {
    const texts = await withContents(command.flags, sorted.texts, reading);
    const raw = { ...sorted, texts, trailing: choice.trailing, line: choice.args };
    const words = resolveArgs(command, raw, { environment, spoken });
    return { kind: "command", path, run: command.prepare(words) };
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}

/** Replaces the names of files and runs given to flags by what they contain. */
async function withContents(
  flags: Flags,
  texts: ReadonlyMap<string, readonly string[]>,
  reading: Pick<Invocation, "host" | "terminal">,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const reads = [...texts].filter(([name]) => flags[name]?.readsFile || flags[name]?.readsRun);
  if (reads.length === 0) return texts;
  const { contentsOf, podsOfRunText } = await import("./parser/flag_contents.ts");
  const all = new Map(texts);
  for (const [flag, given] of reads) {
    const name = given.at(-1) ?? "";
    if (name === "") throw new BadValue(name, "it is empty").of(`--${flag}`);
    const text = flags[flag]?.readsRun
      ? await podsOfRunText(name, texts, reading)
      : await contentsOf(name, reading);
    all.set(flag, [joinContents({ name, text })]);
  }
  return all;
}

/* Finds the command that the args name. Nothing is loaded here. */

/** What a command line requests. */
type Choice =
  | {
    kind: "command";
    path: readonly string[];
    leaf: CommandLeaf;
    /** Flags and operands: all args up to `--` except the command's own name. */
    args: readonly string[];
    /** The args after `--`; undefined if there is no `--`. */
    trailing: readonly string[] | undefined;
  }
  /** `brief`: usage, examples and the main flags. */
  | { kind: "help"; path: readonly string[]; node: CommandNode; brief: boolean };

/**
 * Finds the command. Flags may come before it as well as after; `--` ends kodama's args; `--help`
 * anywhere requests help, `-h` a short one. Throws `UsageError` for a command that doesn't exist.
 */
export async function choose(argv: readonly string[], program: Program): Promise<Choice> {
  const all = [...program.prefix, ...argv];
  const dashes = all.indexOf("--");
  const ours = dashes < 0 ? all : all.slice(0, dashes);
  const trailing = dashes < 0 ? undefined : all.slice(dashes + 1);
  const found = await walk(ours, program);
  const { path, node, args } = found;
  if (node.kind === "leaf" && node.passesArgs) {
    const [first = "--help"] = args;
    if (first === "--help" || first === "-h") {
      return { kind: "help", path, node, brief: first === "-h" };
    }
    const passed = dashes < 0 ? args : [...args, ...all.slice(dashes)];
    return { kind: "command", path, leaf: node, args: passed, trailing: undefined };
  }
  const whole = args.includes("--help");
  if (whole || args.includes("-h")) return { kind: "help", path, node, brief: !whole };
  if (node.kind === "leaf") return { kind: "command", path, leaf: node, args, trailing };
  if (path.length === 0 && args.length === 1 && args[0] === "--version") {
    return { kind: "command", path: ["version"], leaf: versionLeaf(), args: [], trailing };
  }
  if (args.length === 0 && trailing === undefined) {
    return { kind: "help", path, node, brief: false };
  }
  throw new UsageError(`no command in these args: ${argv.join(" ")}`, {
    hint: `see ${speak(program, ["kodama", ...path, "--help"].join(" "))}`,
  });
}

async function walk(
  ours: readonly string[],
  program: Program,
): Promise<{ path: string[]; node: CommandNode; args: string[] }> {
  const path: string[] = [];
  const args: string[] = [];
  let node: CommandNode = tree;
  let hasOperand = false;
  for (let at = 0; at < ours.length; at++) {
    const arg = ours[at] ?? "";
    const below: CommandLeaf["commands"] = node.kind === "leaf" && !hasOperand
      ? node.commands
      : undefined;
    if (below !== undefined && Object.hasOwn(below, arg)) {
      node = below[arg] ?? node;
      path.push(arg);
      continue;
    }
    if (node.kind === "leaf" || isFlag(arg)) {
      args.push(arg);
      hasOperand ||= !isFlag(arg);
      const following = ours[at + 1];
      if (
        (node.kind === "branch" || below !== undefined) && leadingValueFlags.includes(arg) &&
        following !== undefined
      ) {
        args.push(following);
        at++;
      }
      continue;
    }
    const child: CommandNode | undefined = Object.hasOwn(node.commands, arg)
      ? node.commands[arg]
      : undefined;
    if (child === undefined) {
      throw await unknownCommand(arg, path, tree, program);
    }
    const synonym: readonly string[] | undefined = child.kind === "leaf"
      ? child.synonymOf
      : undefined;
    if (synonym === undefined) path.push(arg);
    else path.splice(0, path.length, ...synonym);
    node = child;
  }
  return { path, node, args };
}

function versionLeaf(): CommandLeaf {
  const leaf = tree.commands["version"];
  if (leaf?.kind !== "leaf") throw new Error("the tree has no command `version`");
  return leaf;
}
