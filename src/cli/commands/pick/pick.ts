import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { defineCommand } from "../../parser/command.ts";
import { UsageError } from "../../../base/errors.ts";
import { choice, text, toggle, value, valueOr } from "../../parser/flag.ts";
import { nothingMatches, parseHeight, plainPicker } from "./options.ts";
import type { Target } from "../../../actions/pick/pods.ts";
import { hasSeveralNamespaces, podName } from "../../../present/pods_table.ts";
import { printable } from "../../../terminal/printable.ts";
import { type DataFormat, renderData } from "../../output.ts";
import { resolveSelection, selectionFlags, selectionOperands } from "../../parser/selection.ts";

/** All flags but `--pick`, which is implied here, and the flags that leave the choice or the order to chance. */
const { pick: _pick, sample: _sample, shuffle: _shuffle, ...choosableFlags } = selectionFlags;

/** `kodama pick`. */
export const command = defineCommand({
  description:
    "Shows the pods of a selection in a list, as fzf does, and prints the names of the pods you " +
    "choose. The list is live: pods are added and removed as they come and go, and the cursor stays " +
    "on its pod.\n\n" +
    "The list is drawn on standard error, so that the output can be used by another command. Tab " +
    "marks several pods; Enter chooses them. The search syntax is fzf's: 'exact ^prefix suffix$ !not, " +
    "and | between alternatives.",
  operands: selectionOperands,
  flags: {
    ...choosableFlags,
    "query": value("initial search", text, { short: "q" }),
    "select-1": toggle("choose a single match without asking", { short: "1" }),
    "exit-0": toggle("exit at once if nothing matches", { short: "0" }),
    "single": toggle("choose only one pod"),
    "containers": toggle("ask which container, if a pod has several"),
    "height": valueOr("height in rows, or as a share of the screen", parseHeight, "40%", {
      placeholder: "ROWS|SHARE%",
    }),
    "layout": valueOr(
      "position of the search: below the list, or above it (reverse)",
      choice(["default", "reverse"]),
      "default",
    ),
    "no-preview": toggle("start without the preview"),
    "no-mouse": toggle("leave the mouse to the terminal"),
    "output": value(
      "output format: data instead of names",
      choice(["name", "json", "jsonl", "yaml"]),
      { short: "o" },
    ),
    "print0": toggle("end each name with a NUL byte"),
  },
  examples: {
    "Choose one pod": "kodama pick --single",
    "Start with a search, in all namespaces": "kodama pick -A --query 'drive !new'",
    "Print the only match, or ask": "kodama pick -q weka-drive-0 --select-1",
    "Follow the logs of the chosen pods": "kodama pick -A -o jsonl | kodama logs --from - -f",
  },
  seeAlso: [
    "? shows the keys of the picker.",
    "kodama exec --pick runs a command in the chosen pods.",
  ],
  exitCodes: [
    ["0", "something was chosen"],
    ["2", "nothing matches, or there is no terminal to ask on"],
    ["130", "the picker was closed without a choice"],
  ],
  resolve(words) {
    const { flags } = words;
    const { contexts, selection } = resolveSelection({
      ...words,
      flags: { ...flags, pick: true, sample: undefined, shuffle: false },
    });
    if (flags.print0 && flags.output !== undefined && flags.output !== "name") {
      throw new UsageError("--print0 and --output can't be used together", {
        hint: "data has its own ends",
      });
    }
    return {
      format: flags.output ?? "plain" as const,
      print0: flags.print0,
      picker: {
        ...plainPicker,
        contexts,
        selection,
        multi: !flags.single,
        asksContainer: flags.containers,
        query: flags.query ?? "",
        selectOne: flags["select-1"],
        exitZero: flags["exit-0"],
        height: flags.height,
        layout: flags.layout,
        preview: !flags["no-preview"],
        mouse: !flags["no-mouse"],
      },
    };
  },
  run: async ({ picker, format, print0 }, invocation) => {
    const host = await invocation.host();
    const { pick } = await import("./picker.ts");
    const answer = await pick(picker, { host, invocation });
    switch (answer.kind) {
      case "picked":
        await invocation.terminal.stdout.write(
          await printPicked(answer.targets, {
            format,
            print0,
            namespaced: hasSeveralNamespaces(picker.selection),
          }),
        );
        return 0;
      case "nothing":
        throw nothingMatches(answer.search);
      case "aborted":
        return interruptedExitCode;
    }
  },
});

/** `plain` is the bare name, `name` is `pod/web-0` as in kubectl; both include the namespace if it is ambiguous. */
type PickFormat = "plain" | "name" | DataFormat;

/** Returns the choice as operands of another command, or as data. */
async function printPicked(
  targets: readonly Target[],
  { format, print0, namespaced }: { format: PickFormat; print0: boolean; namespaced: boolean },
): Promise<string> {
  if (format !== "plain" && format !== "name") return await renderData(targets, format);
  const end = print0 ? "\0" : "\n";
  return targets.map((target) => {
    const name = namespaced || format === "name" ? podName(target, namespaced) : target.pod;
    return `${printable(name)}${end}`;
  }).join("");
}
