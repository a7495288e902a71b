/** The watcher of a session with limits, which runs in its pod (`scripts/idle_watcher.sh`), and requests to it. Pure. */
import { plainText } from "../base/plain_text.ts";
import { scriptCommand } from "../base/shell_script.ts";
import { limitText, type SessionLimits, type WatcherState, watchSeconds } from "./limits.ts";
import { workspaceFolder } from "./names.ts";
import { sessionCommand } from "./pod_script.ts";

/** How long before its end a session notifies its users; half of a short limit. */
const warnSeconds = 300;

/** Where the watcher inspects the pod; tests replace it. */
interface WatchedPaths {
  proc: string;
  terminals: string;
  workspace: string;
}

const podPaths: WatchedPaths = {
  proc: "/proc",
  terminals: "/dev/pts",
  workspace: workspaceFolder,
};

/** Returns the arguments of the watcher. */
export function idleWatcherArgs(limits: SessionLimits, paths = podPaths): string[] {
  const { ttlSeconds, idleSeconds } = limits;
  const every = watchSeconds(limits);
  const window = Math.min(60, Math.max(every, Math.floor((idleSeconds ?? 0) / 5)));
  return [
    ...[every, window].map(String),
    ...[paths.proc, paths.terminals, paths.workspace],
    ...limitArgs(ttlSeconds),
    ...limitArgs(idleSeconds),
  ];
}

function limitArgs(seconds: number | undefined): string[] {
  if (seconds === undefined) return ["", "", ""];
  const warning = Math.min(warnSeconds, Math.floor(seconds / 2));
  return [String(seconds), limitText(seconds), String(warning)];
}

/** Returns the command of a container that only watches its limits. */
export function idleWatcherCommand(limits: SessionLimits): string[] {
  return sessionCommand("idleWatcher", idleWatcherArgs(limits));
}

/** The command that prints the pod's time, its start and its last use, a line each. */
export const watcherStateCommand: readonly string[] = scriptCommand([
  `cd "$HOME"/.kodama-life && date +%s && cat began active`,
], []);

/** The command that requests as much time as an idle session has. */
export const extendCommand: readonly string[] = scriptCommand([`: >"$HOME"/.kodama-life/keep`], []);

/** Returns the parsed lines; undefined for anything else. A pod can write anything there. */
export function parseWatcherState(output: string): WatcherState | undefined {
  const match = /^(\d{1,12})\n(\d{1,12})\n(\d{1,12})(?: ([^\n]{0,200}))?\n?$/.exec(output);
  if (match === null) return undefined;
  const [now = 0, startedAt = 0, usedAt = 0] = match.slice(1, 4).map(Number);
  return { now, startedAt, usedAt, use: plainText(match[4] ?? "", 100) };
}
