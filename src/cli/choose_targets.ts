/** `--pick` for the commands that take a selection: the picker is loaded only if it is needed. */
import { UsageError } from "../base/errors.ts";
import type { Host } from "../actions/host.ts";
import type { Selection } from "../actions/exec/events.ts";
import type { Invocation } from "./invocation.ts";
import type { Choosing, Chosen } from "./commands/pick/pick_targets.ts";

/** Flags that choose pods; without one of them, or an operand, every pod of a namespace matches. */
const chooses = ["match", "selector", "field-selector", "node", "from", "pick"];

/**
 * Whether a person chooses the pods of a command. A command that changes pods (`mustChoose`) never takes every
 * pod by default: an empty variable would then change all of them.
 *
 * @throws UsageError if `--all` is combined with a choice.
 */
export function choosingOf(
  { flags, given, operands }: {
    flags: { pick: boolean; all: boolean };
    given: ReadonlySet<string>;
    operands: readonly string[];
  },
  { mustChoose }: { mustChoose: boolean },
): Choosing | undefined {
  const isChosen = operands.length > 0 || chooses.some((flag) => given.has(flag));
  if (flags.all && isChosen) {
    throw new UsageError("--all and a choice of pods can't be used together", {
      hint: "leave out --all: the choice decides",
    });
  }
  if (flags.pick) return { kind: "many" };
  return isChosen || flags.all || !mustChoose ? undefined : { kind: "required" };
}

/** Returns the host and the selection to run in; undefined if the picker was aborted. */
export async function chooseTargets(
  choosing: Choosing | undefined,
  { contexts, selection }: { contexts: readonly string[]; selection: Selection },
  { kubeconfig, invocation, purpose }: {
    kubeconfig: string | undefined;
    invocation: Invocation;
    /** What happens to the chosen pods: the picker shows it. */
    purpose: string;
  },
): Promise<Chosen | undefined> {
  const host: Host = await invocation.host({ kubeconfig });
  if (choosing === undefined) return { contexts, selection, host };
  const { chooseInPicker: chosenFirst } = await import("./commands/pick/pick_targets.ts");
  return await chosenFirst({ contexts, selection }, choosing, { host, invocation, purpose });
}
