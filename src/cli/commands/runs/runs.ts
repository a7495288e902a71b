/** `kodama runs`; `rerun.ts` has its longest command. */
import type { ClusterScope, StartedRun } from "../../../actions/cluster_run/runs.ts";
import type { Host } from "../../../actions/host.ts";
import type { RunDiff } from "../../../actions/runs/diff.ts";
import type { FoundRun } from "../../../actions/runs/past_runs.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { exitCodeTable, success } from "../../exit_codes.ts";
import { dataFlag, renderValue, styleOf, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { BadValue, choice, count, text, toggle, value, valueOr } from "../../parser/flag.ts";
import {
  clusterScope,
  clusterScopeFlags,
  clusterScopeIf,
  everywhereFlag,
  inClusterFlag,
} from "./cluster_scope.ts";
import { runId, runOperand } from "./run_operand.ts";

/** `kodama runs list`. */
const list = defineCommand({
  description:
    "Lists past runs, the newest first: of exec, run, cp and rerun. A run is recorded for thirty days, and five " +
    "hundred of them at most.",
  flags: {
    limit: valueOr("largest number of runs to list", count, "20"),
    output: dataFlag("print data instead of a table"),
    "in-cluster": inClusterFlag,
    "all-namespaces": everywhereFlag,
    ...clusterScopeFlags,
  },
  examples: {
    "List the last runs": "kodama runs list",
    "As JSON, for a script": "kodama runs list --limit 100 -o json",
    "Those in the cluster": "kodama runs list --in-cluster -A",
  },
  seeAlso: ["kodama runs show --help shows one of them."],
  resolve: ({ flags, given }) => ({
    limit: flags.limit,
    ...definedOnly({
      format: flags.output,
      scope: clusterScopeIf(flags, given),
    }),
  }),
  async run({ limit, format, scope }, { host, terminal }) {
    if (scope !== undefined) {
      const { listClusterRuns } = await import("../../../actions/cluster_run/runs.ts");
      const { clusterRunData, clusterRunLines } = await import("../../../present/cluster_runs.ts");
      const opened = await host();
      const { runs, total } = await listClusterRuns(opened, scope, limit);
      return await writeRuns(terminal, runs, total, {
        format,
        data: clusterRunData,
        table: () => clusterRunLines(runs, opened.clock.now()),
        empty: "no runs are in the cluster",
      });
    }
    const { listRuns } = await import("../../../actions/runs/past_runs.ts");
    const { runData, runsTable, workflowRunData } = await import("../../../present/past_runs.ts");
    const opened = await host();
    const { runs, total } = await listRuns(opened, limit);
    return await writeRuns(terminal, runs, total, {
      format,
      data: (listed) =>
        listed.kind === "run"
          ? runData(listed.run)
          : listed.kind === "workflow"
          ? workflowRunData(listed.run)
          : { id: listed.id, unreadable: listed.error.message },
      table: () => runsTable(runs, opened.clock.now()),
      empty: "no runs are recorded",
    });
  },
});

/** Writes the newest runs, and in a table how many there are. */
async function writeRuns<T>(
  terminal: Terminal,
  runs: readonly T[],
  total: number,
  options: Parameters<typeof writeList<T>>[2],
): Promise<number> {
  await writeList(terminal, runs, options);
  if (options.format !== undefined || runs.length === 0 || runs.length === total) return success;
  await terminal.stdout.flush();
  await terminal.stderr.write(`showing ${runs.length} of ${total}; --limit N shows more\n`);
  return success;
}

/** `kodama runs show`. */
const show = defineCommand({
  description:
    "Shows a past run: what ran, and how each pod ended; as data also what each pod wrote. Without an id, or with last, " +
    "it is the last one; the beginning of an id is enough.",
  operands: [runOperand],
  flags: {
    output: dataFlag("print data instead of a table"),
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: {
    "Show the last run": "kodama runs show",
    "Show an earlier run, as JSON": "kodama runs show 20261121-094600-1231f3a -o json",
  },
  seeAlso: ["kodama runs rerun --help runs it again."],
  resolve: ({ flags, operands, given }) => ({
    ...definedOnly({
      run: runId(operands),
      format: flags.output,
      scope: clusterScopeIf(flags, given),
    }),
  }),
  async run({ run, format, scope }, { host, terminal }) {
    if (scope !== undefined) {
      const { findClusterRun } = await import("../../../actions/cluster_run/runs.ts");
      const { clusterRunData, clusterRunDetails } = await import(
        "../../../present/cluster_runs.ts"
      );
      const found = await findClusterRun(await host(), scope, run);
      await terminal.stdout.write(
        format === undefined
          ? clusterRunDetails(found).map((line) => `${line}\n`).join("")
          : await renderValue(clusterRunData(found, { withOutputs: true }), format),
      );
      return success;
    }
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
  const { recordedData, runLines, workflowRunLines } = await import(
    "../../../present/past_runs.ts"
  );
  return {
    lines: () => found.kind === "run" ? runLines(found.run) : workflowRunLines(found.run),
    data: () => recordedData(found),
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
    force: toggle("with --output: overwrite an existing file"),
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: {
    "A page of the last run": "kodama runs report --output report.html",
    "Its timeline as a picture": "kodama runs report last --svg --output run.svg",
  },
  seeAlso: ["kodama runs diff --help compares two runs."],
  resolve: ({ flags, operands, given }) => ({
    ...definedOnly({
      run: runId(operands),
      output: flags.output,
      scope: clusterScopeIf(flags, given),
    }),
    svg: flags.svg,
    force: flags.force,
  }),
  async run({ run, output, svg, force, scope }, { host, terminal }) {
    if (output === undefined && terminal.stdout.isTerminal) {
      throw new UsageError("a report isn't for a terminal", {
        hint: `kodama runs report --output ${svg ? "run.svg" : "report.html"}`,
      });
    }
    const { reportOf, saveReport } = await import("../../../actions/runs/report.ts");
    const opened = await host();
    const report = await reportOf(await foundRun(opened, scope, run));
    const document = svg
      ? (await import("../../../present/report/timeline.ts")).timelineDocument(report)
      : await (await import("../../../present/report/report_html.ts")).reportHtml(report);
    if (output === undefined) await terminal.stdout.write(document);
    else {await terminal.stderr.write(
        `wrote ${await saveReport(opened, document, { file: output, replace: force })}\n`,
      );}
    return success;
  },
});

async function foundRun(
  host: Host,
  scope: ClusterScope | undefined,
  wanted: string | undefined,
): Promise<FoundRun> {
  if (scope === undefined) {
    const { findAnyRun } = await import("../../../actions/runs/past_runs.ts");
    return await findAnyRun(host, wanted);
  }
  const { findStartedRun } = await import("../../../actions/cluster_run/runs.ts");
  return { kind: "workflow", run: (await findStartedRun(host, scope, wanted)).run };
}

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
    output: dataFlag("print data instead of text"),
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: {
    "What is new since the run before": "kodama runs diff",
    "Compare two runs": "kodama runs diff 20261121-0946 20261122-0946",
    "The last night with the one before": "kodama runs diff --in-cluster",
    "Notice a change in a script": "kodama runs diff --exit-code -o json",
  },
  seeAlso: ["kodama runs list lists past runs."],
  resolve({ flags, operands, given }) {
    if (operands.length > 2) throw new UsageError("two runs can be compared, not more");
    const [first, second] = operands;
    const named = second === undefined
      ? { later: runId([first ?? "last"]) }
      : { earlier: first, later: runId([second]) };
    return {
      ...definedOnly({ ...named, scope: clusterScopeIf(flags, given) }),
      exitCode: flags["exit-code"],
      format: flags.output,
    };
  },
  async run(options, { host, terminal, environment }) {
    const { exitCode, format } = options;
    const { runDiffData, runDiffLines } = await import("../../../present/run_diff.ts");
    const opened = await host();
    const diff = await diffOf(opened, options);
    const style = styleOf(terminal.stdout, environment);
    const text = format === undefined
      ? runDiffLines(diff, { now: opened.clock.now(), style }).map((line) => `${line}\n`).join("")
      : await renderValue(runDiffData(diff), format);
    await terminal.stdout.write(text);
    return exitCode && diff.isDifferent ? 1 : success;
  },
});

async function diffOf(
  host: Host,
  { earlier, later, scope }: { earlier?: string; later?: string; scope?: ClusterScope },
): Promise<RunDiff> {
  const { compareRuns, diffRuns } = await import("../../../actions/runs/diff.ts");
  if (scope === undefined) {
    const before = earlier === undefined
      ? undefined
      : await foundRun(host, scope, runId([earlier]));
    return await diffRuns(host, await foundRun(host, scope, later), before);
  }
  const { clusterRunBefore, findStartedRun } = await import("../../../actions/cluster_run/runs.ts");
  const after = await findStartedRun(host, scope, later);
  const before = earlier === undefined
    ? await clusterRunBefore(host, after)
    : await findStartedRun(host, scope, runId([earlier]));
  const found = ({ run }: StartedRun): FoundRun => ({ kind: "workflow", run });
  return await compareRuns(found(before), found(after), { isPart: false });
}

/** `kodama runs follow`. */
const follow = defineCommand({
  description:
    "Follows a run in the cluster from its first event to its end: each pod as it ends, then the result. Ctrl-C leaves " +
    "it running. Without an id it is the newest run. The exit code is that of the run.",
  operands: [{ name: "RUN", arity: "optional" }],
  flags: {
    output: value("print a line of JSON for each event", choice(["jsonl"]), { short: "o" }),
    quiet: toggle("only the result", { short: "q" }),
    "in-cluster": toggle("runs in the cluster: no others can be followed", {
      group: "In the cluster",
    }),
    ...clusterScopeFlags,
  },
  examples: { "The newest run": "kodama runs follow" },
  exitCodes: exitCodeTable,
  seeAlso: ["kodama run --help starts a run in the cluster, with --in-cluster."],
  resolve: ({ flags, operands }) => ({
    scope: clusterScope(flags),
    quiet: flags.quiet,
    ...definedOnly({ run: runId(operands), format: flags.output }),
  }),
  async run({ run, scope, format, quiet }, invocation) {
    const { showFollowedById } = await import("../run/in_cluster.ts");
    const view = { format: format ?? "text", quiet } as const;
    const host = await invocation.host();
    return await showFollowedById(host, { scope, run }, { view, invocation });
  },
});

/** `kodama runs stop`. */
const stop = defineCommand({
  description:
    "Stops a run in the cluster: its commands in pods are cancelled, the steps of finally follow, and its record stays. " +
    "The beginning of its id is enough.",
  operands: [{ name: "RUN", arity: "one" }],
  flags: {
    "in-cluster": toggle("runs in the cluster: no others can be stopped", {
      group: "In the cluster",
    }),
    ...clusterScopeFlags,
  },
  examples: { "Stop a run": "kodama runs stop 20261121-094600-1231f3a" },
  seeAlso: ["kodama runs rerun --help resumes it, with --in-cluster --rest."],
  resolve: ({ flags, operands }) => ({ run: operands[0] ?? "", scope: clusterScope(flags) }),
  async run({ run, scope }, { host, terminal }) {
    const { findClusterRun, stopClusterRun } = await import("../../../actions/cluster_run/runs.ts");
    const opened = await host();
    const found = await findClusterRun(opened, scope, run);
    const what = await stopClusterRun(opened, found);
    await terminal.stderr.write(`run ${found.id}: ${what}\n`);
    return success;
  },
});

/** `kodama runs shard`. */
const shard = defineCommand({
  description:
    "Runs one shard of a run in the cluster. The pods of its Job start this; it does nothing useful elsewhere.",
  flags: {
    job: value("name of the Job", text, { placeholder: "NAME" }),
    "job-uid": value("uid of the Job", text, { placeholder: "UID" }),
    namespace: value("namespace of the Job", text, { placeholder: "NAME" }),
    holder: value("uid of this pod", text, { placeholder: "UID" }),
    index: value("index of this shard, from 0", index, { placeholder: "N" }),
    request: value("folder of the run's files", text, { placeholder: "FOLDER" }),
    secret: value("folder of the run's secret values", text, { placeholder: "FOLDER" }),
  },
  examples: {
    "As a pod of the run does":
      "kodama runs shard --job j --job-uid u --namespace n --holder h --index 0",
  },
  exitCodes: exitCodeTable,
  seeAlso: ["kodama run --help starts a run in the cluster, with --in-cluster."],
  resolve({ flags }) {
    const { job, "job-uid": jobUid, namespace, holder, index } = flags;
    if (
      job === undefined || jobUid === undefined || namespace === undefined ||
      holder === undefined || index === undefined
    ) {
      throw new UsageError("--job, --job-uid, --namespace, --holder and --index must be given");
    }
    const { request, secret } = flags;
    const folders = request === undefined
      ? {}
      : { folders: { request, secret: secret ?? `${request}-secret` } };
    return { job, jobUid, namespace, holder, index, ...folders };
  },
  async run(options, invocation) {
    const { showShard } = await import("./shard.ts");
    return await showShard(await invocation.host(), options, invocation);
  },
});

function index(raw: string): number {
  if (/^\d{1,4}$/.test(raw)) return Number(raw);
  throw new BadValue(raw, "must be a whole number from 0");
}

/** The commands of this file, by name. */
export const commands = { list, show, report, diff, follow, stop, shard };
