import type { NodeSelection } from "../../../actions/top/top.ts";
import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { nodeNames } from "../../../base/workload_kinds.ts";
import { dataFlag } from "../../output.ts";
import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";

const flags = {
  ...selectionFlags,
  sort: valueOr(
    "sort by name, or the largest consumer first",
    choice(["name", "cpu", "memory"]),
    "name",
    { group: "Output" },
  ),
  containers: toggle("print a row for each container instead of each pod"),
  watch: toggle("show the values live; sort, filter and pause by keys", { short: "w" }),
  output: dataFlag("print data instead of a table"),
};

/** `kodama top`. */
export const command = defineCommand({
  description:
    "Shows the CPU and memory that pods use, beside what they request and their limits, as the metrics API reports " +
    "it (metrics.k8s.io, which metrics-server provides). The selection is the one of every other command. " +
    "With nodes as its first operand it shows nodes, beside what their pods request and what is allocatable.\n\n" +
    "With -w the table is live: a metrics-server has new values every 15 seconds.",
  operands: [...selectionOperands],
  flags,
  examples: {
    "Show the pods of the context's namespace": "kodama top",
    "Show the largest consumers of memory": "kodama top -A --sort memory",
    "Show each container of a workload": "kodama top deploy/web --containers",
    "Show the nodes": "kodama top nodes --sort cpu",
    "Watch two workloads": "kodama top deploy/web sts/db -w",
    "Append a line for each pod to a file": "kodama top -w -o jsonl",
  },
  seeAlso: [
    "kodama pods --help lists pods, and why some are not ready.",
    "docs/top.md explains the columns.",
  ],
  resolve: (args) => {
    const { sort, watch, output } = args.flags;
    if (watch && output !== undefined && output !== "jsonl") {
      throw new UsageError(`--watch and --output ${output} can't be used together`, {
        hint: "-o jsonl prints the rows each time",
      });
    }
    return { ...subjectOf(args), sort, watch, format: output };
  },
  run: async (options, invocation) => {
    const { showTop } = await import("./show_top.ts");
    return await showTop(options, invocation);
  },
});

/** Returns pods, or nodes if the first operand is that kind as kubectl writes it. */
function subjectOf(args: ParsedArgs<typeof flags>) {
  const [kind = "", ...names] = args.operands;
  if (nodeNames.includes(kind.toLowerCase())) return nodesOf(args, names);
  const operands = ["pod", "pods", "po"].includes(kind.toLowerCase()) ? names : args.operands;
  const { contexts, pick, selection } = resolveSelection({
    ...args,
    operands,
    flags: { ...args.flags, sort: "name" },
  });
  if (pick && args.flags.watch) {
    throw new UsageError("--watch contradicts --pick: pods that start later match too");
  }
  const byContainer = args.flags.containers;
  return { contexts, pick, subject: { kind: "pods" as const, selection, byContainer } };
}

/** Flags that choose nodes too. */
const nodeFlags = ["match", "exclude", "selector", "context", "kubeconfig"];

function nodesOf({ flags: found, given }: ParsedArgs<typeof flags>, names: readonly string[]) {
  const other = Object.keys(selectionFlags).concat("containers")
    .find((name) => name !== "sort" && !nodeFlags.includes(name) && given.has(name));
  if (other !== undefined) {
    throw new UsageError(`--${other} chooses pods, not nodes`, {
      hint: "NAME, -l, -m and -x choose nodes",
    });
  }
  const selection: NodeSelection = {
    names,
    match: found.match,
    exclude: found.exclude,
    ...definedOnly({ labelSelector: found.selector }),
  };
  return { contexts: found.context, pick: false, subject: { kind: "nodes" as const, selection } };
}
