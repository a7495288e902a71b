import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { jsonDocument } from "../../../present/json.ts";
import { setOperand } from "./set_operand.ts";

const formats = choice(["json"]);

/** `kodama forward status`. */
export const command = defineCommand({
  description:
    "Shows the forwards of a set in the background, and what they have carried. The name may be omitted if only " +
    "one runs.",
  operands: [setOperand],
  flags: { output: value("output format", formats.parse, { short: "o", ...formats }) },
  examples: [
    { title: "The only set", line: "kodama forward status" },
    { title: "One of several, as JSON", line: "kodama forward status svc-web -o json" },
  ],
  exitCodes: [["0", "it is running"], ["1", "it isn't, or there is none"]],
  seeAlso: ["kodama forward logs --help shows its messages."],
  resolve: ({ flags, operands: [name] }) => ({ name, format: flags.output }),
  async run({ name, format }, { host, terminal }) {
    const { findSet } = await import("../../../actions/forward/background.ts");
    const { setLines } = await import("../../../present/forward_sets.ts");
    const report = await findSet(await host(), name);
    await terminal.stdout.write(
      format === "json"
        ? jsonDocument(report)
        : setLines(report).map((line) => `${line}\n`).join(""),
    );
    return report.phase === "running" ? success : failure;
  },
});
