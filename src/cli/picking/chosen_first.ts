/** `--pick`: before a command runs, a person chooses among the pods that it would run in. */
import type { Host } from "../../actions/host.ts";
import { contextsOf, pickedHost, type PickedPod } from "../../actions/pick_host.ts";
import type { Selection } from "../../actions/pick_pods.ts";
import { UsageError } from "../../base/errors.ts";
import type { Invocation } from "../invocation.ts";
import { nothingMatches, plainPicker } from "./options.ts";
import { pick } from "./pick.ts";

/** How many a command can use, and whether a person asked to choose. */
export type Choosing =
  /** `--pick`. */
  | { kind: "many" | "one" }
  /** Without being asked to: where several match, a person is there, and only one can be used. */
  | { kind: "oneIfUnclear" }
  /** Nothing chooses the pods of a command that changes them: a person must. */
  | { kind: "required" };

/** What a command runs in. */
export interface Chosen {
  contexts: readonly string[];
  selection: Selection;
  /** What a person chose, where one did: names alone may mean others in other places. */
  picked?: readonly PickedPod[];
  host: Host;
}

/**
 * What is left of a selection after a choice; undefined where the person left without one.
 *
 * @throws as `pick` does.
 */
export async function chosenFirst(
  { contexts, selection }: Pick<Chosen, "contexts" | "selection">,
  { kind }: Choosing,
  { host, invocation }: { host: Host; invocation: Invocation },
): Promise<Chosen | undefined> {
  const { terminal } = invocation;
  const asked = kind === "many" || kind === "one";
  // Nobody asked for a choice and nobody can make one: the command says itself what it can't do.
  const unable = !terminal.stderr.isTerminal || terminal.keyboard() === undefined;
  // So it is where chance has chosen one already.
  const settled = selection.sample === 1;
  if (kind === "required" && unable) {
    throw new UsageError("no pods are chosen", {
      hint: "name them, choose with -m, -l, --node or --from, or pass --all for every pod",
    });
  }
  if (kind === "oneIfUnclear" && (unable || settled)) return { contexts, selection, host };
  const answer = await pick({
    ...plainPicker,
    contexts,
    selection,
    multi: kind === "many" || kind === "required",
    selectOne: kind === "oneIfUnclear",
    exitZero: true,
  }, { host, invocation });
  switch (answer.kind) {
    case "aborted":
      return undefined;
    case "nothing":
      // Of an empty list the command itself tells more.
      if (!asked && answer.search === "") return { contexts, selection, host };
      throw nothingMatches(answer.search);
    case "picked":
      return {
        contexts: contextsOf(answer.targets),
        selection: narrowed(selection, answer.targets),
        picked: answer.pods,
        host: pickedHost(host, answer.targets),
      };
  }
}

/** The chosen pods by their names, for what reads them anew. */
function narrowed(
  selection: Selection,
  targets: readonly { namespace: string; pod: string }[],
): Selection {
  const { sample: _sample, labelSelector: _labels, fieldSelector: _fields, ...rest } = selection;
  return {
    ...rest,
    namespaces: {
      kind: "named",
      names: [...new Set(targets.map(({ namespace }) => namespace))],
    },
    operands: [...new Set(targets.map(({ pod }) => pod))].map((name) => ({ kind: "pod", name })),
  };
}
