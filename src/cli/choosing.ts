/** `--pick` for the commands that take a selection: the picker is loaded where somebody wants to choose. */
import type { Host } from "../actions/host.ts";
import type { Selection } from "../actions/exec_events.ts";
import type { Invocation } from "./invocation.ts";
import type { Choosing, Chosen } from "./picking/chosen_first.ts";

/** The exit code of a command whose picker was left: 128 + SIGINT, as fzf answers. */
export const leftWithoutChoice = 130;

/** The host, and what a command runs in; undefined where the person left without a choice. */
export async function chosenBy(
  choosing: Choosing | undefined,
  { contexts, selection }: { contexts: readonly string[]; selection: Selection },
  { kubeconfig, invocation }: { kubeconfig: string | undefined; invocation: Invocation },
): Promise<Chosen | undefined> {
  const host: Host = await invocation.host({ kubeconfig });
  if (choosing === undefined) return { contexts, selection, host };
  const { chosenFirst } = await import("./picking/chosen_first.ts");
  return await chosenFirst({ contexts, selection }, choosing, { host, invocation });
}
