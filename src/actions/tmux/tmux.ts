/** One pane of tmux for each target of a selection. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Target } from "../../kube/select/target.ts";
import { capacity, pagesOf } from "../../tmux/layout.ts";
import { isTooOld, oldestTmux, type Pane } from "../../tmux/commands.ts";
import { type ChangeAction, isConfirmed } from "../confirm_change.ts";
import type { Host } from "../host.ts";
import type { Multiplexer } from "./multiplexer.ts";
import { allTargets } from "../one_target.ts";
import { shellOwner } from "../shell/owner.ts";
import type { TmuxEvent, TmuxOptions } from "./events.ts";
import { openWall, type Wall } from "./wall.ts";

/** Rows of a terminal that the status line takes. */
const statusRows = 1;

/** The dependencies of a wall. */
export interface TmuxHost {
  host: Host;
  multiplexer: Multiplexer;
}

/**
 * Opens a pane with `kodama shell` for each target, and shows them. After a failure or a cancel, everything created
 * is removed.
 *
 * @throws NoMatchError; UsageError if there is no terminal to show it in; KodamaError `environment` without tmux, and
 *   with tmux's own message if it refuses.
 */
export async function* tmux(
  { host, multiplexer }: TmuxHost,
  options: TmuxOptions,
): AsyncGenerator<TmuxEvent, void> {
  const inside = (host.env("TMUX") ?? "") !== "";
  if (!inside && !options.detach && !options.terminal) {
    throw new UsageError("showing panes needs a terminal", {
      hint: hint`${option("detach")} makes them all the same; \`tmux attach\` shows them`,
    });
  }
  await checkVersion(multiplexer, options.signal);
  const { targets, names, notes } = await allTargets(host, options, options.signal);
  yield* notes;
  if (!await isConfirmed(host, options.confirm, { action: actionOf(options.command), targets })) {
    throw new KodamaError("declined", "cancelled; no pane was made");
  }
  // Created once, before many panes would try to create it.
  await shellOwner(host);
  const panes = await panesOf(targets, names, { host, multiplexer, options });
  const wall = await openWall({ host, multiplexer, options, pagesFor: pagesFor(panes, options) });
  yield* shown(wall, { multiplexer, options, panes: panes.length });
}

async function checkVersion(multiplexer: Multiplexer, signal: AbortSignal): Promise<void> {
  const { stdout } = await multiplexer.run(["-V"], signal);
  if (!isTooOld(stdout)) return;
  throw new KodamaError("environment", `${stdout.trim()} is too old`, {
    hint: `tmux ${oldestTmux} or later is needed`,
  });
}

/** Shells that receive input at once count as a change. */
function actionOf(command: readonly string[]): ChangeAction {
  return command.length === 0 ? { kind: "shells" } : { kind: "command", command, shell: false };
}

/** Names of Kubernetes as its servers validate them. An invalid one would reach a command line. */
const kubernetesName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

async function panesOf(
  targets: readonly Target[],
  names: readonly string[],
  { host, multiplexer, options }: TmuxHost & { options: TmuxOptions },
): Promise<Pane[]> {
  const own = multiplexer.kodamaWords(options.writes);
  // Inside a pod there is no kubeconfig, and so no context to name.
  const contexts = (await host.contexts()).length > 0;
  return targets.map((target, index) => {
    const { context, namespace, pod, container } = target;
    const wrong = [namespace, pod, container].find((name) => !kubernetesName.test(name));
    if (wrong !== undefined) {
      throw new KodamaError("server", `the server told a name that can't be one: "${wrong}"`);
    }
    const place = [...(contexts ? [`--context=${context}`] : []), "-n", namespace, "-c", container];
    const command = options.command.length === 0 ? [] : ["--", ...options.command];
    const argv = [...own, "shell", ...options.shellFlags, ...place, pod, ...command];
    return { title: names[index] ?? pod, argv };
  });
}

function pagesFor(panes: readonly Pane[], { layout }: TmuxOptions): Wall["pagesFor"] {
  return (size) => pagesOf(panes, capacity(layout, size));
}

async function* shown(
  { session, windows, inside }: Awaited<ReturnType<typeof openWall>>,
  { multiplexer, options, panes }: Pick<TmuxHost, "multiplexer"> & {
    options: TmuxOptions;
    panes: number;
  },
): AsyncGenerator<TmuxEvent, void> {
  const opened = { kind: "opened" as const, session, panes, windows: windows.length };
  if (options.detach) return yield { ...opened, shown: "later" };
  const [first = ""] = windows;
  if (inside) {
    await multiplexer.run(["select-window", "-t", first]);
    await multiplexer.run(["switch-client", "-t", first]);
    return yield { ...opened, shown: "here" };
  }
  yield { ...opened, shown: "here" };
  await multiplexer.lendTerminal(["attach-session", "-t", `=${session}`]);
  const { code } = await multiplexer.run(["has-session", "-t", `=${session}`]);
  if (code === 0) yield { kind: "leftBehind", session };
}

/** Returns the rows of a terminal that panes can use. */
export function rowsForPanes(rows: number): number {
  return Math.max(1, rows - statusRows);
}
