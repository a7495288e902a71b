import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { runId, runOperand } from "./run_operand.ts";

/** `kodama runs report`. */
export const command = defineCommand({
  description:
    "Writes a past run as one HTML page that needs no other file: how each pod ended, what they wrote with the differences " +
    "from most of them, and a timeline of pods, batches and steps. It has no script, and what pods wrote is only text in " +
    "it. Without an id, or with last, it is the last run.",
  operands: [runOperand],
  flags: {
    output: value("file to write, instead of standard output", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    svg: toggle("only the timeline, as SVG"),
  },
  examples: [
    { title: "A page of the last run", line: "kodama runs report --output report.html" },
    { title: "Its timeline as a picture", line: "kodama runs report last --svg --output run.svg" },
  ],
  seeAlso: ["kodama runs diff --help compares two runs."],
  resolve: ({ flags, operands }) => ({
    ...definedOnly({ run: runId(operands), output: flags.output }),
    svg: flags.svg,
  }),
  async run({ run, output, svg }, { host, terminal }) {
    if (output === undefined && terminal.stdout.isTerminal) {
      throw new UsageError("a report isn't for a terminal", {
        hint: `kodama runs report --output ${svg ? "run.svg" : "report.html"}`,
      });
    }
    const { findAnyRun } = await import("../../../actions/runs/past_runs.ts");
    const { reportOf, saveReport } = await import("../../../actions/runs/report.ts");
    const opened = await host();
    const report = await reportOf(await findAnyRun(opened, run));
    const document = svg
      ? (await import("../../../present/report/timeline.ts")).timelineDocument(report)
      : await (await import("../../../present/report/report_html.ts")).reportHtml(report);
    if (output === undefined) await terminal.stdout.write(document);
    else await terminal.stderr.write(`wrote ${await saveReport(opened, output, document)}\n`);
    return success;
  },
});
