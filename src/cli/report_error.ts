/** Formats errors for a person or a program. Every error of a command passes through here. */
import { exitCodeOfKind, KodamaError, UnconfirmedError } from "../base/errors.ts";
import { definedOnly } from "../base/json_value.ts";
import { commandHint } from "../present/hints.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";
import { failure } from "./exit_codes.ts";

/** Display options of errors. */
export interface ErrorOptions {
  /** The command's output is JSON: its errors are too. */
  json: boolean;
  /** `KODAMA_DEBUG`: with the stack and the causes. */
  debug: boolean;
  style: Style;
}

/** The text for standard error, and the exit code. */
interface ErrorReport {
  text: string;
  exitCode: number;
}

/** Formats anything that was thrown. */
export function reportError(error: unknown, options: ErrorOptions): ErrorReport {
  const known = error instanceof KodamaError ? error : machineError(error);
  const shown = known ?? bugError(error);
  const exitCode = known === undefined ? failure : exitCodeOfKind(known.kind);
  const kind = known?.kind ?? "bug";
  const hint = shown.hint === undefined ? undefined : commandHint(shown.hint);
  if (options.json) {
    // A program that asks a person shows this, and passes --yes after a yes.
    const question = shown instanceof UnconfirmedError ? shown.asked : undefined;
    const body = {
      error: { kind, message: shown.message, ...definedOnly({ hint, question }) },
    };
    return { text: `${JSON.stringify(body)}\n`, exitCode };
  }
  const { style } = options;
  const lines = [
    `${style.red("error:")} ${printable(shown.message)}`,
    ...(hint === undefined ? [] : [`${style.bold("hint:")} ${printable(hint)}`]),
    ...(options.debug ? stacks(error) : []),
  ];
  return { text: `${lines.join("\n")}\n`, exitCode };
}

const ownFolder = "kodama's own files are in ~/.kodama; KODAMA_CONFIG_DIR names another folder";

/** Errors of the operating system that the state of a machine explains, and the way out. */
const machineErrors: ReadonlyMap<string, string> = new Map([
  ...["EPERM", "EACCES", "EROFS"].map((name) => [name, ownFolder] as const),
  ...["ENOSPC", "EDQUOT"].map((name) => [name, "free space on that disk"] as const),
  ...["EMFILE", "ENFILE"].map((name) =>
    [name, "raise the limit of open files: ulimit -n"] as const
  ),
  ["ENOMEM", "end other programs, or give this one more memory"],
  ["EIO", "the disk may be damaged: the system's log has more"],
]);

/** Returns the error for a person if the state of this machine explains it; undefined if it may be a bug. */
function machineError(error: unknown): KodamaError | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  const hint = machineErrors.get(code ?? "");
  if (hint === undefined || !(error instanceof Error)) return undefined;
  return new KodamaError("environment", error.message, { hint, cause: error });
}

function bugError(error: unknown): KodamaError {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new KodamaError("environment", `this is a bug in kodama: ${message}`, {
    hint: "KODAMA_DEBUG=1 shows where it happened; please report it with that",
  });
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  let at: unknown = error;
  // Causes may form a ring; ten is deeper than any useful chain.
  for (let depth = 0; at !== undefined && depth < 10; depth++) {
    const stack = at instanceof Error ? at.stack ?? String(at) : String(at);
    lines.push(...(depth === 0 ? [] : ["caused by:"]), ...stack.split("\n").map(printable));
    at = at instanceof Error ? at.cause : undefined;
  }
  return lines;
}
