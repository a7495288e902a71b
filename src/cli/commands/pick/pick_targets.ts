/** `--pick`: before a command runs, a person chooses among its pods. */
import type { Host } from "../../../actions/host.ts";
import { contextsOf, pickedHost, type PickedPod } from "../../../actions/pick/picked_host.ts";
import type { Selection } from "../../../actions/pick/pods.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Invocation } from "../../invocation.ts";
import { nothingMatches, plainPicker } from "./options.ts";
import { pick } from "./picker.ts";

/** How many pods a command can use, and whether a choice was requested. */
export type Choosing =
  /** `--pick`. */
  | { kind: "many" | "one" }
  /** Not requested, but several pods match, a person is present, and only a single pod can be used. */
  | { kind: "oneIfUnclear" }
  /** A command that changes pods has no selection: a person must choose. */
  | { kind: "required" };

/** The scope and the selection in which a command runs. */
export interface Chosen {
  contexts: readonly string[];
  selection: Selection;
  /** The chosen pods, if a person chose: names alone may mean other pods in other scopes. */
  picked?: readonly PickedPod[];
  host: Host;
}

/**
 * Returns the selection after a choice; undefined if the picker was aborted.
 *
 * @throws like `pick`.
 */
export async function chooseInPicker(
  { contexts, selection }: Pick<Chosen, "contexts" | "selection">,
  { kind }: Choosing,
  { host, invocation, purpose }: { host: Host; invocation: Invocation; purpose: string },
): Promise<Chosen | undefined> {
  const { terminal } = invocation;
  const requested = kind === "many" || kind === "one";
  // A choice was neither requested nor is it possible: the command reports its own error.
  const unable = !terminal.stderr.isTerminal || terminal.keyboard() === undefined;
  // The same applies if a pod has already been chosen at random.
  const isSingle = selection.sample === 1;
  if (kind === "required" && unable) {
    throw new UsageError("no pods are chosen", {
      hint:
        "name them before any --, choose with -m, -l, --node or --from, or pass --all for every pod",
    });
  }
  if (kind === "oneIfUnclear" && (unable || isSingle)) return { contexts, selection, host };
  const answer = await pick({
    ...plainPicker,
    contexts,
    selection,
    multi: kind === "many" || kind === "required",
    selectOne: kind === "oneIfUnclear",
    exitZero: true,
    purpose: `${purpose} in ${await scopeOf({ contexts, selection }, host)}`,
  }, { host, invocation });
  switch (answer.kind) {
    case "aborted":
      return undefined;
    case "nothing":
      // For an empty list the command's own error has more detail.
      if (!requested && answer.search === "") return { contexts, selection, host };
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

/** Returns the contexts and namespaces in which the choice starts. */
async function scopeOf(
  { contexts, selection: { namespaces } }: Pick<Chosen, "contexts" | "selection">,
  host: Host,
): Promise<string> {
  const known = contexts.length > 0
    ? contexts
    : (await host.contexts()).filter(({ current }) => current).map(({ name }) => name);
  const within = namespaces.kind === "named" ? `/${namespaces.names.join(",")}` : "";
  return `${known.join(", ")}${within}`;
}

/** Returns the chosen pods by name, for code that reads them again. */
function narrowed(
  selection: Selection,
  targets: readonly { namespace: string; pod: string }[],
): Selection {
  const { sample: _sample, labelSelector: _labels, fieldSelector: _fields, ...rest } = selection;
  return {
    ...rest,
    namespaces: { kind: "named", names: [...new Set(targets.map(({ namespace }) => namespace))] },
    operands: [...new Set(targets.map(({ pod }) => pod))].map((name) => ({ kind: "pod", name })),
  };
}
