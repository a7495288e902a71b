import type { FoundRun } from "../../../actions/runs/past_runs.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { renderValue } from "../../output.ts";
import { runId, runOperand } from "./run_operand.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama runs show`. */
export const command = defineCommand({
  description:
    "Shows a past run: what ran, and how each pod ended; as data also what each pod wrote. Without an id, or with last, " +
    "it is the last one; the beginning of an id is enough.",
  operands: [runOperand],
  flags: {
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "Show the last run", line: "kodama runs show" },
    {
      title: "Show an earlier run, as JSON",
      line: "kodama runs show 20261121-094600-1231f3a -o json",
    },
  ],
  seeAlso: ["kodama runs rerun --help runs it again."],
  resolve: ({ flags, operands }) => ({ run: runId(operands), format: flags.output }),
  async run({ run, format }, { host, terminal }) {
    const { findAnyRun } = await import("../../../actions/runs/past_runs.ts");
    const { lines, data } = await shown(await findAnyRun(await host(), run));
    const text = format === undefined
      ? lines().map((line) => `${line}\n`).join("")
      : await renderValue(data(), format);
    await terminal.stdout.write(text);
    return success;
  },
});

async function shown(found: FoundRun) {
  const { runData, runLines, workflowRunData, workflowRunLines } = await import(
    "../../../present/past_runs.ts"
  );
  if (found.kind === "run") {
    return {
      lines: () => runLines(found.run),
      data: () => runData(found.run, { withOutputs: true }),
    };
  }
  return {
    lines: () => workflowRunLines(found.run),
    data: () => workflowRunData(found.run, { withOutputs: true }),
  };
}
