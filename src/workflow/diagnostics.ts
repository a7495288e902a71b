/** Problems of workflow files, all reported at once as a compiler does. */
import { action, hint } from "../base/hint.ts";
import { nearPath } from "../base/absolute_path.ts";
import { KodamaError } from "../base/errors.ts";
import {
  describe,
  type FileProblem,
  maxProblems,
  type ProblemsOptions,
  type SourceFile,
} from "../base/yaml/source.ts";

/** The rule that a diagnostic is about, for programs that sort them. */
export type Rule =
  | "syntax"
  | "shape"
  | "expression"
  | "duplicate-id"
  | "shell-expression"
  | "permission"
  | "uses"
  | "step"
  | "param"
  | "unused-param"
  | "unreachable-step"
  | "empty-selection";

/** Each rule in one line. */
export const ruleTexts: Readonly<Record<Rule, string>> = {
  "syntax": "The file isn't YAML that kodama reads.",
  "shape": "A field has another kind of value, is unknown, or is missing.",
  "expression": "An expression has a syntax error, or an unknown name.",
  "duplicate-id": "Two steps have one id.",
  "shell-expression": "A value would become part of a shell's program.",
  "permission": "A step needs what `permissions` doesn't grant.",
  "uses": "Another workflow can't be found or used.",
  "step": "A step contradicts itself.",
  "param": "A parameter contradicts itself.",
  "unused-param": "Nothing uses a parameter.",
  "unreachable-step": "A step can never run.",
  "empty-selection": "A selection can match nothing.",
};

/** One problem. Warnings stop nothing. */
export interface Diagnostic extends FileProblem {
  severity: "error" | "warning";
  rule: Rule;
  file: SourceFile;
}

/** Thrown for workflow files that can't be run as they are. */
export class WorkflowError extends KodamaError {
  override readonly name = "WorkflowError";

  constructor(readonly diagnostics: readonly Diagnostic[], folder: string) {
    const errors = diagnostics.filter(isError);
    const files = Map.groupBy(errors, ({ file }) => file);
    const isCut = [...files.values()].some((all) => all.length > maxProblems);
    const way = isCut
      ? hint`${action("workflow.check", { output: "json" })} has all of them`
      : undefined;
    super("config", diagnosticsText(errors, folder), way === undefined ? {} : { hint: way });
  }
}

/** Returns whether it stops the run. */
export function isError({ severity }: Diagnostic): boolean {
  return severity === "error";
}

/** Sorts by file, then by position; drops duplicates at the same position. */
export function sorted(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map(({ file }) => file.path))];
  const order = diagnostics.toSorted((a, b) =>
    files.indexOf(a.file.path) - files.indexOf(b.file.path) || a.line - b.line ||
    a.column - b.column
  );
  const seen = new Set<string>();
  return order.filter(({ file, line, column, message }) => {
    const key = JSON.stringify([file.path, line, column, message]);
    return seen.has(key) ? false : seen.add(key);
  });
}

/**
 * Returns each with its line and a caret; warnings are labelled. Paths below the folder are relative to it.
 */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  folder: string,
  options: ProblemsOptions = {},
): string {
  return [...Map.groupBy(sorted(diagnostics), ({ file }) => file)].map(([file, all]) =>
    describe(
      { ...file, path: nearPath(file.path, folder) },
      all.map((one) => isError(one) ? one : { ...one, message: `warning: ${one.message}` }),
      options,
    )
  ).join("\n");
}
