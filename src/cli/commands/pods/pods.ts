import { chooseTargets } from "../../choose_targets.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { choice, toggle, value } from "../../parser/flag.ts";
import { UsageError } from "../../../base/errors.ts";
import { showPods, watchPodsTable } from "./table.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";

/** `kodama pods`. */
export const command = defineCommand({
  description:
    "Lists the pods that a selection matches, as kubectl get pods does, and reports on standard error " +
    "which pods are not ready and why. The selection is the one of every other command: what this lists " +
    "is what kodama exec runs in. -o wide and data name the container that a command would run in.\n\n" +
    "With -w the pods of the selection are printed in any phase, and then each pod that changes.",
  operands: selectionOperands,
  flags: {
    ...selectionFlags,
    output: value(
      "print a wider table, names or data",
      choice(["wide", "json", "jsonl", "yaml", "name"]),
      { short: "o" },
    ),
    watch: toggle("print the pods, and then each pod that changes", { short: "w" }),
    "no-headers": toggle("print the table without its first line"),
    quiet: toggle("don't report pods that are not ready", { short: "q" }),
  },
  examples: {
    "List the running pods of the context's namespace": "kodama pods",
    "List the pods of two workloads": "kodama pods deploy/web sts/db",
    "Match a regular expression in all namespaces": "kodama pods -A -m '/^web-[0-9]+$/'",
    "Print names, for a script": "kodama pods -l app=web -o name",
    "Watch a rollout": "kodama pods deploy/web -w",
  },
  seeAlso: ["kodama exec --help runs a command in them."],
  resolve: (words) => ({
    ...resolveSelection(words),
    format: words.flags.output ?? "status" as const,
    watch: watchOf(words.flags),
    quiet: words.flags.quiet,
    hasHeader: !words.flags["no-headers"],
  }),
  run: async ({ format, watch, quiet, hasHeader, ...selected }, invocation) => {
    if (watch !== undefined) {
      const host = await invocation.host();
      return await watchPodsTable(selected, { host, invocation, format: watch, hasHeader });
    }
    const choosing = selected.pick ? { kind: "many" } as const : undefined;
    const chosen = await chooseTargets(choosing, selected, { invocation, purpose: "pods" });
    if (chosen === undefined) return interruptedExitCode;
    const { picked, contexts } = chosen;
    const host = await invocation.host();
    const selection = picked === undefined ? chosen.selection : {
      ...chosen.selection,
      namespaces: { kind: "all" as const },
      operands: picked.map(({ pod, ...place }) => ({ kind: "pod" as const, name: pod, ...place })),
    };
    const shown = { ...selected, contexts, selection };
    return await showPods(shown, { host, invocation, format, quiet, hasHeader });
  },
});

/** Returns how pods are watched; undefined if they aren't. */
function watchOf(
  { watch, output, pick, sample }: {
    watch: boolean;
    output?: "wide" | "json" | "jsonl" | "yaml" | "name" | undefined;
    pick: boolean;
    sample?: number | undefined;
  },
): "status" | "wide" | "jsonl" | "name" | undefined {
  if (!watch) return undefined;
  if (pick || sample !== undefined) {
    throw new UsageError(
      "--watch contradicts --pick and --sample: pods that start later match too",
    );
  }
  if (output === "json" || output === "yaml") {
    throw new UsageError(`--watch and --output ${output} can't be used together`, {
      hint: "-o jsonl prints one object for each change",
    });
  }
  return output ?? "status";
}
