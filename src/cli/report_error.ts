/** Formats errors for a person or a program. Every error of a command passes through here. */
import { exitCodeOfKind, KodamaError } from "../base/errors.ts";
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
  const shown = error instanceof KodamaError ? error : bugError(error);
  const exitCode = error instanceof KodamaError ? exitCodeOfKind(error.kind) : failure;
  const kind = error instanceof KodamaError ? error.kind : "bug";
  const hint = shown.hint === undefined ? undefined : commandHint(shown.hint);
  if (options.json) {
    const body = {
      error: { kind, message: shown.message, ...(hint === undefined ? {} : { hint }) },
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
