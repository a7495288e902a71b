/** From args to an exit code: the whole command-line front end. */
import { ClosedSinkError } from "../terminal/sink.ts";
import { success } from "./exit_codes.ts";
import { completeWord, serveSyncWord, serveWord } from "./hidden_words.ts";
import type { Invocation } from "./invocation.ts";
import { styleOf } from "./output.ts";
import { prepare } from "./parser/prepare.ts";

/** 128 + SIGPIPE: the exit code of a program whose reader has gone. */
const readerGone = 141;

/** Runs one command line. Never throws; errors are written to standard error. */
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
  if (hidden === completeWord) {
    const { complete } = await import("./parser/complete.ts");
    return await complete(rest, invocation);
  }
  if (hidden === serveWord) {
    await invocation.serveCluster(rest);
    return success;
  }
  if (hidden === serveSyncWord) {
    await invocation.serveSync(rest[0] ?? "");
    return success;
  }
  const prepared = await prepare(argv, invocation);
  if (prepared.kind === "help") return await showHelp(prepared, invocation);
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
