import { chosenBy, leftWithoutChoice } from "../choosing.ts";
import { defineCommand } from "../command.ts";
import { choice, toggle, value } from "../flag.ts";
import { showPods } from "../pods_table.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../selection.ts";

const formats = choice(["json", "jsonl", "yaml", "name"]);

/** `kodama pods`. */
export const command = defineCommand({
  description:
    "Lists the pods that a selection matches, with the container that a command would run in, and says " +
    "on standard error which pods are skipped and why. The selection is the one of every other command: " +
    "what this lists is what kodama exec runs in.",
  operands: selectionOperands,
  flags: {
    ...selectionFlags,
    output: value("print data in place of a table", formats.parse, { short: "o", ...formats }),
    quiet: toggle("no word of skipped pods", { short: "q" }),
  },
  examples: [
    { title: "The running pods of the context's namespace", line: "kodama pods" },
    { title: "Of two workloads", line: "kodama pods deploy/web sts/db" },
    { title: "By a regular expression, everywhere", line: "kodama pods -A -m '/^web-[0-9]+$/'" },
    { title: "For a script", line: "kodama pods -l app=web -o name" },
  ],
  seeAlso: ["kodama exec --help runs a command in them."],
  resolve: (words) => ({
    ...resolveSelection(words),
    format: words.flags.output ?? "table" as const,
    quiet: words.flags.quiet,
  }),
  run: async ({ format, quiet, ...selected }, invocation) => {
    const choosing = selected.pick ? { kind: "many" } as const : undefined;
    const { kubeconfig } = selected;
    const chosen = await chosenBy(choosing, selected, { kubeconfig, invocation });
    if (chosen === undefined) return leftWithoutChoice;
    const { host, ...narrowed } = chosen;
    return await showPods({ ...selected, ...narrowed }, { host, invocation, format, quiet });
  },
});
