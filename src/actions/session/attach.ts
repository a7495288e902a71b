/** A shell in a session: the pod in which it is opened, and what runs there. */
import { type Selection, wholeSelection } from "../exec/events.ts";
import { findSession, type FoundSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { killedSync } from "./sync_here.ts";
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
  const [argv, unsynced] = await Promise.all([
    sharedCommand(),
    killedSync(host, found),
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
  };
}
