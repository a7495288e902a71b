/** `kodama runs`; `rerun.ts` has its longest command. */
import type { ClusterScope, StartedRun } from "../../../actions/cluster_run/runs.ts";
import type { Host } from "../../../actions/host.ts";
import type { RunDiff } from "../../../actions/runs/diff.ts";
import type { FoundRun } from "../../../actions/runs/past_runs.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { exitCodeTable, success } from "../../exit_codes.ts";
import { renderData, renderValue, styleOf } from "../../output.ts";
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

const formats = choice(["json", "jsonl", "yaml"]);
const jsonl = choice(["jsonl"]);

/** `kodama runs list`. */
const list = defineCommand({
  description:
    "Lists past runs, the newest first: of exec, run, cp and rerun. A run is recorded for thirty days, and five " +
    "hundred of them at most.",
  flags: {
    limit: valueOr("largest number of runs to list", count, "20", { placeholder: "N" }),
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
    "in-cluster": inClusterFlag,
    "all-namespaces": everywhereFlag,
    ...clusterScopeFlags,
  },
  examples: [
    { title: "List the last runs", line: "kodama runs list" },
    { title: "As JSON, for a script", line: "kodama runs list --limit 100 -o json" },
    { title: "Those in the cluster", line: "kodama runs list --in-cluster -A" },
  ],
  seeAlso: ["kodama runs show --help shows one of them."],
  resolve: ({ flags, given }) => ({
    limit: flags.limit,
    ...definedOnly({
      format: flags.output,
      scope: clusterScopeIf(flags, given),
      kubeconfig: flags.kubeconfig,
    }),
  }),
  async run({ limit, format, scope, kubeconfig }, { host, terminal }) {
    if (scope !== undefined) {
      const { listClusterRuns } = await import("../../../actions/cluster_run/runs.ts");
      const { clusterRunData, clusterRunLines } = await import("../../../present/cluster_runs.ts");
      const opened = await host({ kubeconfig });
      const { runs, total } = await listClusterRuns(opened, scope, limit);
      if (format !== undefined) {
        const data = runs.map((one) => clusterRunData(one));
        await terminal.stdout.write(await renderData(data, format));
        return success;
      }
      if (runs.length === 0) {
        await terminal.stderr.write("no runs are in the cluster\n");
        return success;
      }
      const lines = clusterRunLines(runs, opened.clock.now());
      await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      await terminal.stdout.flush();
      await writeOmitted(terminal, { shown: runs.length, total });
      return success;
    }
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
    await terminal.stdout.flush();
    await writeOmitted(terminal, { shown: runs.length, total });
    return success;
  },
});

async function writeOmitted(
  terminal: Terminal,
  { shown, total }: { shown: number; total: number },
): Promise<void> {
  if (shown === total) return;
  await terminal.stderr.write(`showing ${shown} of ${total}; --limit N shows more\n`);
}

/** `kodama runs show`. */
const show = defineCommand({
  description:
    "Shows a past run: what ran, and how each pod ended; as data also what each pod wrote. Without an id, or with last, " +
    "it is the last one; the beginning of an id is enough.",
  operands: [runOperand],
  flags: {
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: [
    { title: "Show the last run", line: "kodama runs show" },
    {
      title: "Show an earlier run, as JSON",
      line: "kodama runs show 20261121-094600-1231f3a -o json",
    },
  ],
  seeAlso: ["kodama runs rerun --help runs it again."],
  resolve: ({ flags, operands, given }) => ({
    ...definedOnly({
      run: runId(operands),
      format: flags.output,
      scope: clusterScopeIf(flags, given),
      kubeconfig: flags.kubeconfig,
    }),
  }),
  async run({ run, format, scope, kubeconfig }, { host, terminal }) {
    if (scope !== undefined) {
      const { findClusterRun } = await import("../../../actions/cluster_run/runs.ts");
      const { clusterRunData, clusterRunDetails } = await import(
        "../../../present/cluster_runs.ts"
      );
      const found = await findClusterRun(await host({ kubeconfig }), scope, run);
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
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: [
    { title: "A page of the last run", line: "kodama runs report --output report.html" },
    { title: "Its timeline as a picture", line: "kodama runs report last --svg --output run.svg" },
  ],
  seeAlso: ["kodama runs diff --help compares two runs."],
  resolve: ({ flags, operands, given }) => ({
    ...definedOnly({
      run: runId(operands),
      output: flags.output,
      scope: clusterScopeIf(flags, given),
      kubeconfig: flags.kubeconfig,
    }),
    svg: flags.svg,
  }),
  async run({ run, output, svg, scope, kubeconfig }, { host, terminal }) {
    if (output === undefined && terminal.stdout.isTerminal) {
      throw new UsageError("a report isn't for a terminal", {
        hint: `kodama runs report --output ${svg ? "run.svg" : "report.html"}`,
      });
    }
    const { reportOf, saveReport } = await import("../../../actions/runs/report.ts");
    const opened = await host({ kubeconfig });
    const report = await reportOf(await foundRun(opened, scope, run));
    const document = svg
      ? (await import("../../../present/report/timeline.ts")).timelineDocument(report)
      : await (await import("../../../present/report/report_html.ts")).reportHtml(report);
    if (output === undefined) await terminal.stdout.write(document);
    else await terminal.stderr.write(`wrote ${await saveReport(opened, output, document)}\n`);
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
    output: value("print data instead of text", formats.parse, { short: "o", ...formats }),
    "in-cluster": inClusterFlag,
    ...clusterScopeFlags,
  },
  examples: [
    { title: "What is new since the run before", line: "kodama runs diff" },
    { title: "Compare two runs", line: "kodama runs diff 20261121-0946 20261122-0946" },
    { title: "The last night with the one before", line: "kodama runs diff --in-cluster" },
    { title: "Notice a change in a script", line: "kodama runs diff --exit-code -o json" },
  ],
  seeAlso: ["kodama runs list lists past runs."],
  resolve({ flags, operands, given }) {
    if (operands.length > 2) throw new UsageError("two runs can be compared, not more");
    const [first, second] = operands;
    const named = second === undefined
      ? { later: runId([first ?? "last"]) }
      : { earlier: first, later: runId([second]) };
    return {
      ...definedOnly({
        ...named,
        scope: clusterScopeIf(flags, given),
        kubeconfig: flags.kubeconfig,
      }),
      exitCode: flags["exit-code"],
      format: flags.output,
    };
  },
  async run(options, { host, terminal, environment }) {
    const { exitCode, format, kubeconfig } = options;
    const { runDiffData, runDiffLines } = await import("../../../present/run_diff.ts");
    const opened = await host({ kubeconfig });
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
  const { clusterRunBefore, findStartedRun } = await import(
    "../../../actions/cluster_run/runs.ts"
  );
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
    output: value("print a line of JSON for each event", jsonl.parse, { short: "o", ...jsonl }),
    quiet: toggle("only the result", { short: "q" }),
    "in-cluster": toggle("runs in the cluster: no others can be followed", {
      group: "In the cluster",
    }),
    ...clusterScopeFlags,
  },
  examples: [{ title: "The newest run", line: "kodama runs follow" }],
  exitCodes: exitCodeTable,
  seeAlso: ["kodama run --help starts a run in the cluster, with --in-cluster."],
  resolve: ({ flags, operands }) => ({
    scope: clusterScope(flags),
    quiet: flags.quiet,
    ...definedOnly({
      run: runId(operands),
      format: flags.output,
      kubeconfig: flags.kubeconfig,
    }),
  }),
  async run({ run, scope, format, quiet, kubeconfig }, invocation) {
    const { showFollowedById } = await import("../run/in_cluster.ts");
    const view = { format: format ?? "text", quiet } as const;
    const host = await invocation.host({ kubeconfig });
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
  examples: [{ title: "Stop a run", line: "kodama runs stop 20261121-094600-1231f3a" }],
  seeAlso: ["kodama runs rerun --help resumes it, with --in-cluster --rest."],
  resolve: ({ flags, operands }) => ({
    run: operands[0] ?? "",
    scope: clusterScope(flags),
    ...definedOnly({ kubeconfig: flags.kubeconfig }),
  }),
  async run({ run, scope, kubeconfig }, { host, terminal }) {
    const { findClusterRun, stopClusterRun } = await import(
      "../../../actions/cluster_run/runs.ts"
    );
    const opened = await host({ kubeconfig });
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
  examples: [
    {
      title: "As a pod of the run does",
      line: "kodama runs shard --job j --job-uid u --namespace n --holder h --index 0",
    },
  ],
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
