/** `kodama schedule`: workflows that run in the cluster at set times. */
import { definedOnly } from "../../base/json_value.ts";
import { success } from "../exit_codes.ts";
import { renderData } from "../output.ts";
import { defineCommand } from "../parser/command.ts";
import { BadValue, choice, text, toggle, value, values } from "../parser/flag.ts";
import { namespaceValue } from "../parser/scope_flags.ts";
import { UsageError } from "../../base/errors.ts";
import { clusterFlags, clusterOptions, paramTexts, workflowFlags } from "./run/flags.ts";
import { clusterScope, clusterScopeFlags, everywhereFlag } from "./runs/cluster_scope.ts";

const formats = choice(["json", "jsonl", "yaml"]);

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
    cron: value('when it runs: five fields, as in "0 6 * * *", or a name such as @daily', cron, {
      placeholder: "CRON",
    }),
    "time-zone": value("time zone of --cron (default that of the cluster)", text, {
      placeholder: "ZONE",
    }),
    param: workflowFlags.param,
    trust: workflowFlags.trust,
    yes: toggle("make it without asking", { short: "y" }),
    namespace: values("namespace of its pods, as with kodama run", text, namespaceValue),
    context: clusterScopeFlags.context,
    kubeconfig: clusterScopeFlags.kubeconfig,
    ...clusterFlags,
  },
  examples: [
    {
      title: "Every morning",
      line: 'kodama schedule add versions kwekash --cron "0 6 * * *"',
    },
  ],
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
      trust: flags.trust,
      yes: flags.yes,
      cluster: clusterOptions(flags),
      ...definedOnly({ kubeconfig: flags.kubeconfig }),
    };
  },
  async run({ schedule, cluster, trust, kubeconfig, ...options }, invocation) {
    const { addSchedule } = await import("../../actions/cluster_run/submit.ts");
    const { submitting } = await import("./run/in_cluster.ts");
    const host = await invocation.host({ kubeconfig });
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
    "Lists the schedules of a namespace: the workflow, when it runs, and when it last did.",
  flags: {
    "all-namespaces": everywhereFlag,
    ...clusterScopeFlags,
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [{ title: "All of them", line: "kodama schedule list -A" }],
  seeAlso: ["kodama runs list --help lists their runs, with --in-cluster."],
  resolve: ({ flags }) => ({
    scope: clusterScope(flags),
    ...definedOnly({ format: flags.output, kubeconfig: flags.kubeconfig }),
  }),
  async run({ scope, format, kubeconfig }, { host, terminal }) {
    const { listSchedules } = await import("../../actions/cluster_run/runs.ts");
    const { scheduleLines } = await import("../../present/cluster_runs.ts");
    const opened = await host({ kubeconfig });
    const found = await listSchedules(opened, scope);
    if (format !== undefined) {
      await terminal.stdout.write(await renderData(found.map(dataOf), format));
      return success;
    }
    if (found.length === 0) {
      await terminal.stderr.write("there are no schedules\n");
      return success;
    }
    const lines = scheduleLines(found, opened.clock.now());
    await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
    return success;
  },
});

function dataOf(
  { createdAt, lastAt, timeZone, ...facts }: {
    createdAt: Date;
    lastAt: Date | undefined;
    timeZone: string | undefined;
  },
): Record<string, unknown> {
  return {
    ...facts,
    timeZone: timeZone ?? null,
    createdAt: createdAt.toISOString(),
    lastAt: lastAt?.toISOString() ?? null,
  };
}

/** `kodama schedule remove`. */
const remove = defineCommand({
  description:
    "Removes a schedule, and with it its runs and their records. A run of it that is in progress is stopped.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: clusterScopeFlags,
  examples: [{ title: "Remove one", line: "kodama schedule remove versions" }],
  seeAlso: ["kodama schedule list --help lists them."],
  resolve: ({ operands: [name = ""], flags }) => ({
    name,
    scope: clusterScope(flags),
    ...definedOnly({ kubeconfig: flags.kubeconfig }),
  }),
  async run({ name, scope, kubeconfig }, { host, terminal }) {
    const { removeSchedule } = await import("../../actions/cluster_run/runs.ts");
    const { namespace } = await removeSchedule(await host({ kubeconfig }), scope, name);
    await terminal.stderr.write(`removed the schedule ${name} of namespace ${namespace}\n`);
    return success;
  },
});

/** Five fields, or a name such as `@daily`. */
function cron(raw: string): string {
  if (/^(?:@[a-z]+|\S+(?:\s+\S+){4})$/.test(raw.trim())) return raw.trim();
  throw new BadValue(raw, 'must have five fields, as in "0 6 * * *"');
}

/** The commands of this file, by name. */
export const commands = { add, list, remove };
