/** Diagnostics of workflow files as data: plain, and in the format of code hosts. */
import type { CheckedWorkflow, Diagnostic } from "../../../actions/workflow/files.ts";
import { version } from "../../version.ts";

/** Returns one object for each diagnostic. */
export function checkedData(checked: readonly CheckedWorkflow[]): Record<string, unknown>[] {
  const all = checked.flatMap(({ diagnostics }) => diagnostics);
  return unique(all).map(({ severity, rule, file, line, column, width, message }) => ({
    file: file.path,
    line,
    column,
    width,
    severity,
    rule,
    message,
  }));
}

/** `3 workflows, 2 errors, 1 warning`. */
export function verdict(checked: readonly CheckedWorkflow[]): string {
  const all = unique(checked.flatMap(({ diagnostics }) => diagnostics));
  const errors = all.filter(({ severity }) => severity === "error").length;
  const amount = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const parts = [
    amount(checked.length, "workflow"),
    ...(errors === 0 ? [] : [amount(errors, "error")]),
    ...(all.length === errors ? [] : [amount(all.length - errors, "warning")]),
  ];
  return all.length === 0 ? `${parts[0]}, nothing is wrong` : parts.join(", ");
}

/** SARIF 2.1.0. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ */
export function sarif(
  diagnostics: readonly Diagnostic[],
  { rules, folder }: { rules: Readonly<Record<string, string>>; folder: string },
): Record<string, unknown> {
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "kodama",
          version,
          rules: Object.entries(rules).map(([id, text]) => ({ id, shortDescription: { text } })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: unique(diagnostics).map((one) => ({
        ruleId: one.rule,
        level: one.severity,
        message: { text: one.message },
        locations: [{
          physicalLocation: {
            artifactLocation: { uri: uriOf(one.file.path, folder) },
            region: {
              startLine: one.line,
              startColumn: one.column,
              endColumn: one.column + one.width,
            },
          },
        }],
      })),
    }],
  };
}

/** Relative to the working directory, which is most often the repository; absolute elsewhere. */
function uriOf(path: string, folder: string): string {
  const inside = path.startsWith(`${folder}/`);
  const text = inside ? path.slice(folder.length + 1) : path;
  const escaped = text.split("/").map(encodeURIComponent).join("/");
  return inside || !path.startsWith("/") ? escaped : `file://${escaped}`;
}

/** A file that several workflows use is reported once. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map(diagnostics.map((one) => [
    JSON.stringify([one.file.path, one.line, one.column, one.message]),
    one,
  ]));
  return [...seen.values()];
}
