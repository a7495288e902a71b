/** `kodama schedule`: workflows that run in the cluster at set times. */
import type { Schedule } from "../../actions/cluster_run/runs.ts";
import { definedOnly } from "../../base/json_value.ts";
import { success } from "../exit_codes.ts";
import { dataFlag, writeList } from "../output.ts";
import { defineCommand } from "../parser/command.ts";
import { cron, durationMs, text, toggle, value, valueOr, values } from "../parser/flag.ts";
import { namespaceValue } from "../parser/scope_flags.ts";
import { UsageError } from "../../base/errors.ts";
import { clusterFlags, clusterOptions, paramTexts, trustFlag, workflowFlags } from "./run/flags.ts";
import { clusterScope, clusterScopeFlags, everywhereFlag } from "./runs/cluster_scope.ts";

/** `kodama schedule add`. */
const add = defineCommand({
  description:
    "Makes a CronJob that runs a workflow: its files and parameters are stored in the cluster as they are now. It has a " +
    "service account with the rights of its plan. Its runs are in kodama runs list --in-cluster.",
  operands: [
    { name: "NAME", arity: "one" },
    { name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } },
  ],
  flags: {
    cron: value('when it runs: five fields, as in "0 6 * * *", or a name such as @daily', cron),
    "time-zone": value("time zone of --cron (default that of the cluster)", text, {
      placeholder: "ZONE",
    }),
    param: workflowFlags.param,
    trust: workflowFlags.trust,
    locked: workflowFlags.locked,
    yes: toggle("make it without asking", { short: "y" }),
    limit: valueOr(
      "how long a run may take in all, also if it can't start: then it is stopped, and the next may start",
      durationMs,
      "1d",
    ),
    namespace: values("namespace of its pods, as with kodama run", text, namespaceValue),
    context: clusterScopeFlags.context,
    kubeconfig: clusterScopeFlags.kubeconfig,
    ...clusterFlags,
  },
  examples: { "Every morning": 'kodama schedule add versions kwekash --cron "0 6 * * *"' },
  seeAlso: ["kodama runs list --help lists its runs, with --in-cluster."],
  resolve({ operands, flags }) {
    const [name = "", workflow = ""] = operands;
    if (!/^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/.test(name)) {
      throw new UsageError(`${JSON.stringify(name)} can't be the name of a schedule`, {
        hint: "up to 40 lower-case letters, digits and dashes, as Kubernetes allows",
      });
    }
    if (flags.cron === undefined) {
      throw new UsageError("--cron must be given", { hint: 'as in --cron "0 6 * * *"' });
    }
    const { namespace: names, context, "time-zone": timeZone } = flags;
    return {
      schedule: { name, cron: flags.cron, ...definedOnly({ timeZone }) },
      workflow,
      params: paramTexts(flags.param),
      overrides: {
        ...(context === undefined ? {} : { contexts: [context] }),
        ...(names.length === 0
          ? {}
          : { selection: { namespaces: { kind: "named" as const, names } } }),
      },
      trust: trustFlag(flags),
      yes: flags.yes,
      cluster: { ...clusterOptions(flags), limitMs: flags.limit },
    };
  },
  async run({ schedule, cluster, trust, ...options }, invocation) {
    const { addSchedule } = await import("../../actions/cluster_run/submit.ts");
    const { submitting } = await import("./run/in_cluster.ts");
    const host = await invocation.host();
    const view = { confirm: { above: undefined, yes: options.yes } };
    const made = await submitting(
      { host, view, invocation },
      (extras) => addSchedule(host, { ...options, trustNow: trust, ...extras }, cluster, schedule),
    );
    await invocation.terminal.stdout.write(
      `schedule ${made.name} in namespace ${made.namespace} of ${made.context}\n`,
    );
    return success;
  },
});

/** `kodama schedule list`. */
const list = defineCommand({
  description:
    "Lists the schedules of a namespace: the workflow, when it runs, when it last did, and what keeps it from running.",
  flags: {
    "all-namespaces": everywhereFlag,
    ...clusterScopeFlags,
    output: dataFlag("print data instead of a table"),
  },
  examples: { "All of them": "kodama schedule list -A" },
  seeAlso: ["kodama runs list --help lists their runs, with --in-cluster."],
  resolve: ({ flags }) => ({
    scope: clusterScope(flags),
    ...definedOnly({ format: flags.output }),
  }),
  async run({ scope, format }, { host, terminal }) {
    const { listSchedules } = await import("../../actions/cluster_run/runs.ts");
    const { scheduleLines } = await import("../../present/cluster_runs.ts");
    const opened = await host();
    const found = await listSchedules(opened, scope);
    return await writeList(terminal, found, {
      format,
      data: dataOf,
      table: () => scheduleLines(found, opened.clock.now()),
      empty: "there are no schedules",
    });
  },
});

function dataOf(
  { createdAt, lastAt, timeZone, missed, obstacle, ...facts }: Schedule,
): Record<string, unknown> {
  return {
    ...facts,
    timeZone: timeZone ?? null,
    createdAt: createdAt.toISOString(),
    lastAt: lastAt?.toISOString() ?? null,
    missed: missed === undefined
      ? null
      : { count: missed.count, since: missed.since.toISOString() },
    obstacle: obstacle ?? null,
  };
}

/** `kodama schedule remove`. */
const remove = defineCommand({
  description:
    "Removes a schedule, and with it its runs and their records. A run of it that is in progress is stopped.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: clusterScopeFlags,
  examples: { "Remove one": "kodama schedule remove versions" },
  seeAlso: ["kodama schedule list --help lists them."],
  resolve: ({ operands: [name = ""], flags }) => ({ name, scope: clusterScope(flags) }),
  async run({ name, scope }, { host, terminal }) {
    const { removeSchedule } = await import("../../actions/cluster_run/runs.ts");
    const { namespace } = await removeSchedule(await host(), scope, name);
    await terminal.stderr.write(`removed the schedule ${name} of namespace ${namespace}\n`);
    return success;
  },
});

/** The commands of this file, by name. */
export const commands = { add, list, remove };
