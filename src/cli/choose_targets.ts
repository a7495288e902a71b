/** `--pick` for the commands that take a selection: the picker is loaded only if it is needed. */
import { UsageError } from "../base/errors.ts";
import type { Host } from "../actions/host.ts";
import type { Selection } from "../actions/exec/events.ts";
import { isChosen } from "../actions/selection.ts";
import type { Invocation } from "./invocation.ts";
import type { SelectionOptions } from "./parser/selection.ts";
import type { Choosing, Chosen } from "./commands/pick/pick_targets.ts";

/**
 * Whether a person chooses the pods of a command. A command that changes pods (`mustChoose`) never takes every
 * pod by default: an empty variable would then change all of them.
 *
 * @throws UsageError if `--all` is combined with a choice.
 */
export function choosingOf(
  { selection, pick }: SelectionOptions,
  { all, mustChoose }: { all: boolean; mustChoose: boolean },
): Choosing | undefined {
  const isNarrowed = pick || isChosen(selection);
  if (all && isNarrowed) {
    throw new UsageError("--all and a choice of pods can't be used together", {
      hint: "leave out --all: the choice decides",
    });
  }
  if (pick) return { kind: "many" };
  return isNarrowed || all || !mustChoose ? undefined : { kind: "required" };
}

/** Returns the host and the selection to run in; undefined if the picker was aborted. */
export async function chooseTargets(
  choosing: Choosing | undefined,
  { contexts, selection }: { contexts: readonly string[]; selection: Selection },
  { invocation, purpose }: {
    invocation: Invocation;
    /** What happens to the chosen pods: the picker shows it. */
    purpose: string;
  },
): Promise<Chosen | undefined> {
  const host: Host = await invocation.host();
  if (choosing === undefined) return { contexts, selection, host };
  const { chooseInPicker: chosenFirst } = await import("./commands/pick/pick_targets.ts");
  return await chosenFirst({ contexts, selection }, choosing, { host, invocation, purpose });
}
