import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { renderValue, styleOf } from "../../output.ts";
import { runId } from "./run_operand.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama runs diff`. */
export const command = defineCommand({
  description:
    "Shows what has changed between two runs: which pods answer something else, ended differently, are new or gone. Pods " +
    "that changed in the same way are one group. A pod that a Deployment or DaemonSet has replaced is compared with its " +
    "successor.\n\n" +
    "With one run, or without any for the last one, the other is the one before it of the same command or workflow in the " +
    "same namespaces; of a rerun, the run that it repeats.",
  operands: [{ name: "RUN", arity: "any", completion: { kind: "runs" } }],
  flags: {
    "exit-code": toggle("exit with 1 if something has changed"),
    output: value("print data instead of text", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "What is new since the run before", line: "kodama runs diff" },
    { title: "Compare two runs", line: "kodama runs diff 20261121-0946 20261122-0946" },
    { title: "Notice a change in a script", line: "kodama runs diff --exit-code -o json" },
  ],
  seeAlso: ["kodama runs list lists past runs."],
  resolve({ flags, operands }) {
    if (operands.length > 2) throw new UsageError("two runs can be compared, not more");
    const [first, second] = operands;
    const named = second === undefined
      ? { later: runId([first ?? "last"]) }
      : { earlier: first, later: runId([second]) };
    return {
      ...definedOnly(named),
      exitCode: flags["exit-code"],
      format: flags.output,
    };
  },
  async run(options, { host, terminal, environment }) {
    const { earlier, later, exitCode, format } = options;
    const { findAnyRun } = await import("../../../actions/runs/past_runs.ts");
    const { diffRuns } = await import("../../../actions/runs/diff.ts");
    const { runDiffData, runDiffLines } = await import("../../../present/run_diff.ts");
    const opened = await host();
    const other = earlier === undefined ? undefined : await findAnyRun(opened, runId([earlier]));
    const diff = await diffRuns(opened, await findAnyRun(opened, later), other);
    const style = styleOf(terminal.stdout, environment);
    const text = format === undefined
      ? runDiffLines(diff, { now: opened.clock.now(), style }).map((line) => `${line}\n`).join("")
      : await renderValue(runDiffData(diff), format);
    await terminal.stdout.write(text);
    return exitCode && diff.isDifferent ? 1 : success;
  },
});
