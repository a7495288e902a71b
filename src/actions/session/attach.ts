/** A shell in a session: the pod in which it is opened, and what runs there. */
import { type Selection, wholeSelection } from "../exec/events.ts";
import { findSession, type FoundSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import type { Activity, SessionRef, TeamReport } from "./events.ts";
import { killedSync } from "./sync_here.ts";
import { reportAttached, teamOf } from "./team.ts";
import { postpone } from "./time_limits.ts";

/** Which shell. */
export interface AttachOptions {
  /** Instead of a shell; may be empty. */
  command?: readonly string[];
  /** Joins the session's shared shell. */
  shared?: { readOnly: boolean };
  signal: AbortSignal;
}

/** A session in which a shell can be opened. */
export interface Attached extends FoundSession {
  /** For the action `shell`. */
  shell: {
    contexts: readonly string[];
    selection: Selection;
    command: readonly string[];
    workdir: string;
  };
  /** A folder that isn't synced any more, because the process of its sync was killed. */
  unsynced: string | undefined;
  /** Who else is attached, and the notes; absent for a command, and if the caller may not read it. */
  team: TeamReport | undefined;
  /** Reports in the cluster that this client is attached, until it is disposed of; nothing for a command. */
  report(activity?: Activity): AsyncDisposable;
}

/**
 * Prepares a shell in a session: finds its pod, and postpones its end, so that attaching shortly before it is in time
 * for a short command too.
 *
 * @throws KodamaError `notFound` if there is no such session; `conflict` if it isn't running, or has no shared shell.
 */
export async function attach(
  host: Host,
  ref: SessionRef,
  { command = [], shared, signal }: AttachOptions,
): Promise<Attached> {
  const found = await findSession(host, ref, signal);
  const sharedCommand = async () => {
    if (shared === undefined) return command;
    const { sharedShell } = await import("./share.ts");
    return await sharedShell(host, found, { ...shared, signal });
  };
  const isShell = command.length === 0;
  const [argv, unsynced, team] = await Promise.all([
    sharedCommand(),
    killedSync(host, found),
    isShell ? teamOf(host, found, signal) : undefined,
    postpone(host, found, signal),
  ]);
  const { context, namespace, pod, container } = found.target;
  return {
    ...found,
    shell: {
      contexts: [context],
      selection: {
        ...wholeSelection,
        namespaces: { kind: "named", names: [namespace] },
        operands: [{ kind: "pod", name: pod }],
        container,
      },
      command: argv,
      workdir: "/workspace",
    },
    unsynced,
    team,
    report: (activity = shared === undefined ? "shell" : "sharedShell") =>
      isShell ? reportAttached(host, found, activity) : { [Symbol.asyncDispose]: async () => {} },
  };
}
