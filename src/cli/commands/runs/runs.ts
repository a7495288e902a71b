/** `kodama runs`; `rerun.ts` has its longest command. */
import type { FoundRun } from "../../../actions/runs/past_runs.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { success } from "../../exit_codes.ts";
import { renderData, renderValue, styleOf } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, count, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { runId, runOperand } from "./run_operand.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama runs list`. */
const list = defineCommand({
  description:
    "Lists past runs, the newest first: of exec, run, cp and rerun. A run is recorded for thirty days, and five " +
    "hundred of them at most.",
  flags: {
    limit: valueOr("largest number of runs to list", count, "20", { placeholder: "N" }),
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "List the last runs", line: "kodama runs list" },
    { title: "As JSON, for a script", line: "kodama runs list --limit 100 -o json" },
  ],
  seeAlso: ["kodama runs show --help shows one of them."],
  resolve: ({ flags }) => ({ limit: flags.limit, format: flags.output }),
  async run({ limit, format }, { host, terminal }) {
    const { listRuns } = await import("../../../actions/runs/past_runs.ts");
    const { runData, runsTable, workflowRunData } = await import("../../../present/past_runs.ts");
    const opened = await host();
    const { runs, total } = await listRuns(opened, limit);
    if (format !== undefined) {
      const data = runs.map((listed) =>
        listed.kind === "run"
          ? runData(listed.run)
          : listed.kind === "workflow"
          ? workflowRunData(listed.run)
          : { id: listed.id, unreadable: listed.error.message }
      );
      await terminal.stdout.write(await renderData(data, format));
      return success;
    }
    if (runs.length === 0) {
      await terminal.stderr.write("no runs are recorded\n");
      return success;
    }
    const lines = runsTable(runs, opened.clock.now());
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    if (runs.length < total) {
      await terminal.stdout.flush();
      await terminal.stderr.write(`showing ${runs.length} of ${total}; --limit N shows more\n`);
    }
    return success;
  },
});

/** `kodama runs show`. */
const show = defineCommand({
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

/** `kodama runs report`. */
const report = defineCommand({
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

/** `kodama runs diff`. */
const diff = defineCommand({
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

/** By their names. */
export const commands = { list, show, report, diff };
