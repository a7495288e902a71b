/** From a command line to an exit code: the whole of the command-line face. */
import { ClosedSinkError } from "../term/sink.ts";
import { type Choice, choose } from "./choose.ts";
import type { Command } from "./command.ts";
import { success } from "./exit_codes.ts";
import { BadValue } from "./flag.ts";
import type { Invocation } from "./invocation.ts";
import { styleOf } from "./output.ts";
import { type Program, speak } from "./program.ts";
import { badValueError, resolveWords } from "./words.ts";

/** 128 + SIGPIPE: the exit code of a program whose reader went away. */
const readerGone = 141;

/** Runs one command line. Never throws; what goes wrong is written to standard error. */
export async function run(argv: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout, stderr } = invocation.terminal;
  try {
    const exitCode = await dispatch(argv, invocation);
    await Promise.all([stdout.flush(), stderr.flush()]);
    return exitCode;
  } catch (error) {
    if (error instanceof ClosedSinkError) return readerGone;
    return await tell(error, argv, invocation);
  }
}

async function dispatch(argv: readonly string[], invocation: Invocation): Promise<number> {
  const [hidden, ...rest] = argv;
  if (hidden === "__complete") {
    const { complete } = await import("./complete.ts");
    return await complete(rest, invocation);
  }
  if (hidden === "__serve-cluster") {
    await invocation.serveCluster(rest);
    return success;
  }
  const choice = await choose(argv, invocation.program);
  if (choice.kind === "help") return await showHelp(choice.path, invocation);
  const { command } = await choice.leaf.load();
  return await (await prepare(command, choice, invocation))(invocation);
}

async function prepare(
  command: Command,
  choice: Extract<Choice, { kind: "command" }>,
  invocation: Pick<Invocation, "program" | "environment">,
): Promise<(invocation: Invocation) => Promise<number>> {
  const spoken = spokenCommand(choice.path, invocation.program);
  const sorted = choice.words.length === 0
    ? { texts: new Map(), operands: [] }
    : await (await import("./parse.ts")).sortWords(command, choice.words, spoken);
  const { environment } = invocation;
  const raw = { ...sorted, trailing: choice.trailing };
  try {
    return command.prepare(resolveWords(command, raw, { environment, spoken }));
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}

/** `kodama cluster up`, or `kpod` to one who typed that. */
function spokenCommand(path: readonly string[], program: Program): string {
  return speak(program, ["kodama", ...path].join(" "));
}

async function showHelp(path: readonly string[], invocation: Invocation): Promise<number> {
  const { helpPage } = await import("./help_page.ts");
  const { terminal, program, environment } = invocation;
  const page = await helpPage(path, {
    program,
    columns: terminal.stdout.isTerminal ? terminal.size()?.columns : undefined,
    style: styleOf(terminal.stdout, environment),
  });
  await terminal.stdout.write(page);
  return success;
}

async function tell(
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
  try {
    await terminal.stdout.flush();
  } catch {
    // It is what is being told, or it is worse off than this can mend.
  }
  try {
    await terminal.stderr.write(report.text);
    await terminal.stderr.flush();
  } catch {
    // Nobody is left to tell; the exit code still does.
  }
  return report.exitCode;
}

/** Whether the words ask for JSON, read without the parser: it may be the parser that failed. */
function wantsJson(argv: readonly string[]): boolean {
  const dashes = argv.indexOf("--");
  const ours = dashes < 0 ? argv : argv.slice(0, dashes);
  return ours.some((word, at) =>
    /^(?:-o=?|--output=)jsonl?$/.test(word) ||
    (/^(?:-o|--output)$/.test(word) && /^jsonl?$/.test(ours[at + 1] ?? ""))
  );
}
