import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";

const formats = choice(["json", "sarif"]);

/** `kodama workflow check`. */
export const command = defineCommand({
  description:
    "Checks workflow files and reports every problem, with file, line and column, and what was " +
    "expected. Files that they extend or use are checked too. Nothing is run, and no cluster is " +
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
    const { checkedData, sarif, verdict } = await import("./diagnostics.ts");
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
