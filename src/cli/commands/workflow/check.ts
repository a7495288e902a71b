import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../output.ts";

const formats = choice(["json", "sarif"]);

/** `kodama workflow check`. */
export const command = defineCommand({
  description:
    "Holds workflow files against what kodama knows of them, and says everything that is wrong: with file, line " +
    "and column, and what was expected. Files that they extend or use are looked at too. Nothing is run, and no " +
    "cluster is asked. Without names it is every workflow that can be named from here. On a terminal, at most " +
    "20 problems of a file are shown; in a pipe, all of them.",
  operands: [{ name: "WORKFLOW", arity: "any", completion: { kind: "workflows" } }],
  flags: {
    output: value("print data", formats.parse, { short: "o", ...formats }),
    strict: toggle("warnings fail too"),
  },
  examples: [
    { title: "One of them", line: "kodama workflow check kwekash" },
    { title: "All, in a pipeline", line: "kodama workflow check --strict" },
    { title: "For a code host", line: "kodama workflow check -o sarif > kodama.sarif" },
  ],
  exitCodes: [["0", "nothing is wrong"], ["1", "something is"]],
  seeAlso: ["kodama workflow schema --help lets an editor check while you type."],
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
          terminal.stdout.isTerminal ? undefined : Infinity,
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
