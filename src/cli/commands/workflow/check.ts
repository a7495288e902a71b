import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";
import type { CheckedWorkflow, Diagnostic } from "../../../actions/workflow/files.ts";
import { version } from "../../version.ts";

const formats = choice(["json", "sarif"]);

/** `kodama workflow check`. */
export const command = defineCommand({
  description:
    "Checks workflow files and reports every problem, with file, line and column, and what was " +
    "expected. Files that they use are checked too. Nothing is run, and no cluster is " +
    "contacted. Without names, every workflow that can be run from here is checked. On a terminal, at " +
    "most 20 problems of a file are printed; in a pipe, all of them.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: {
    output: value("output format", formats.parse, { short: "o", ...formats }),
    strict: toggle("treat warnings as errors"),
  },
  examples: [
    { title: "Check one workflow", line: "kodama workflow check kwekash" },
    { title: "Check all workflows in CI", line: "kodama workflow check --strict" },
    { title: "For a code host, as SARIF", line: "kodama workflow check -o sarif > kodama.sarif" },
  ],
  exitCodes: [["0", "no problem was found"], ["1", "a problem was found"]],
  seeAlso: ["kodama workflow schema --help prints the schema for editors."],
  resolve: ({ operands, flags }) => ({ operands, format: flags.output, strict: flags.strict }),
  async run({ operands, format, strict }, { host, terminal }) {
    const actions = await import("../../../actions/workflow/files.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const machine = await host();
    const checked = await actions.checkWorkflows(machine, operands);
    const all = checked.flatMap(({ diagnostics }) => diagnostics);
    if (format === undefined) {
      if (all.length > 0) {
        const text = printable(actions.diagnosticsText(
          all,
          machine.places.workingDir,
          terminal.stdout.isTerminal
            ? { wayToAll: "; `kodama workflow check | cat` and -o json have all of them" }
            : { most: Infinity },
        ));
        await terminal.stdout.write(`${text}\n`);
      }
      await terminal.stderr.write(`${verdict(checked)}\n`);
    } else {
      const { workingDir } = machine.places;
      const data = format === "json"
        ? checkedData(checked)
        : sarif(all, { rules: actions.ruleTexts, folder: workingDir });
      await terminal.stdout.write(jsonDocument(data));
    }
    const bad = all.some((one) => strict || actions.isError(one));
    return bad ? failure : success;
  },
});

/* Diagnostics of workflow files as data: plain, and in the format of code hosts. */

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
function verdict(checked: readonly CheckedWorkflow[]): string {
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
