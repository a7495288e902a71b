/** The scripts that run in a session's pod: its own process, and kodama's commands there. Pure. */
import { scriptCommand, type ScriptParts } from "../base/shell_script.ts";
import branch from "./scripts/branch.sh" with { type: "text" };
import bundle from "./scripts/bundle.sh" with { type: "text" };
import checkImage from "./scripts/check_image.sh" with { type: "text" };
import checkKey from "./scripts/check_key.sh" with { type: "text" };
import checkout from "./scripts/checkout.sh" with { type: "text" };
import editorLinks from "./scripts/editor_links.sh" with { type: "text" };
import dotfiles from "./scripts/dotfiles.sh" with { type: "text" };
import egressProbe from "./scripts/egress_probe.sh" with { type: "text" };
import fill from "./scripts/fill.sh" with { type: "text" };
import idleWatcher from "./scripts/idle_watcher.sh" with { type: "text" };
import missingFiles from "./scripts/missing_files.sh" with { type: "text" };
import placeFill from "./scripts/place_fill.sh" with { type: "text" };
import queuedTasks from "./scripts/queued_tasks.sh" with { type: "text" };
import removeSurplus from "./scripts/remove_surplus.sh" with { type: "text" };
import setup from "./scripts/setup.sh" with { type: "text" };
import sharedShell from "./scripts/shared_shell.sh" with { type: "text" };
import sharedState from "./scripts/shared_state.sh" with { type: "text" };
import sshServer from "./scripts/ssh_server.sh" with { type: "text" };
import startFill from "./scripts/start_fill.sh" with { type: "text" };
import unsaved from "./scripts/unsaved.sh" with { type: "text" };
import pulled from "./scripts/pulled.sh" with { type: "text" };
import wait from "./scripts/wait.sh" with { type: "text" };
import workDiff from "./scripts/work_diff.sh" with { type: "text" };
import workState from "./scripts/work_state.sh" with { type: "text" };

/** The scripts by name; each file describes its arguments. */
export const sessionScripts = {
  branch: [branch],
  bundle: [bundle],
  checkImage: [checkImage],
  checkKey: [checkKey],
  checkout: [checkout],
  dotfiles: [dotfiles],
  egressProbe: [egressProbe],
  idleWatcher: [idleWatcher],
  missingFiles: [missingFiles],
  placeFill: [fill, placeFill],
  queuedTasks: [queuedTasks],
  pulled: [pulled],
  removeSurplus: [removeSurplus],
  setup: [setup],
  sharedShell: [sharedShell],
  sharedState: [sharedState],
  sshServer: [sshServer],
  startFill: [fill, startFill],
  unsaved: [unsaved],
  workDiff: [workDiff],
  workState: [workState],
  /** The session's own process; without limits it waits. */
  main: [editorLinks, queuedTasks, wait],
  limitedMain: [editorLinks, queuedTasks, idleWatcher],
} as const satisfies Record<string, ScriptParts>;

/** Returns the command that runs a script. */
export function sessionCommand(
  script: keyof typeof sessionScripts,
  args: readonly string[] = [],
): string[] {
  return scriptCommand(sessionScripts[script], args);
}

/**
 * Returns the command that runs a line of shell, with or without a terminal.
 *
 * The end of the shell is the end of its terminal, which sends SIGHUP to the foreground process group. Without job
 * control that is the group of every background job of the line, and it arrives before `nohup` can ignore it: each job
 * gets a group of its own. https://man7.org/linux/man-pages/man4/tty.4.html
 */
export function shellLineCommand(line: string): string[] {
  return ["sh", "-c", `[ -t 0 ] && set -m\n${line}`];
}
