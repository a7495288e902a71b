/** From args to an exit code: the whole command-line front end. */
import { ClosedSinkError } from "../terminal/sink.ts";
import { success } from "./exit_codes.ts";
import {
  completeCommand,
  serveClusterCommand,
  serveForwardCommand,
  serveSyncCommand,
  speak,
} from "./program.ts";
import type { Invocation } from "./invocation.ts";
import { styleOf } from "./output.ts";
import { choose } from "./parser/choose.ts";
import { BadValue, type Flags, joinContents } from "./parser/flag.ts";
import { sortArgs } from "./parser/parse.ts";
import { badValueError, resolveArgs } from "./parser/parsed_args.ts";

/** 128 + SIGPIPE: the exit code of a program whose reader has gone. */
const readerGone = 141;

/** Runs one command line. Never throws; errors are written to standard error. */
export async function run(argv: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.terminal;
  try {
    const exitCode = await dispatch(argv, invocation);
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
    import("./parser/help_page.ts"),
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
    // This may be the very error being reported; otherwise the state is worse than this can repair.
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

/** Replaces the file names given to flags by the content of the files. */
async function withContents(
  flags: Flags,
  texts: ReadonlyMap<string, readonly string[]>,
  reading: Pick<Invocation, "host" | "terminal">,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const reads = [...texts].filter(([name]) => flags[name]?.readsFile === true);
  if (reads.length === 0) return texts;
  const { contentsOf } = await import("./parser/flag_contents.ts");
  const all = new Map(texts);
  for (const [flag, given] of reads) {
    const name = given.at(-1) ?? "";
    if (name === "") throw new BadValue(name, "it is empty").of(`--${flag}`);
    all.set(flag, [joinContents({ name, text: await contentsOf(name, reading) })]);
  }
  return all;
}
