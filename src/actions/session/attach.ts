/** A shell in a session: the pod in which it is opened, and the command there. */
import { KodamaError } from "../../base/errors.ts";
import { action, hint } from "../../base/hint.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import { workspaceFolder } from "../../session/names.ts";
import {
  sharedShellCommand,
  sharedStateCommand,
  sharedStateOf,
} from "../../session/shared_shell.ts";
import { type Selection, wholeSelection } from "../exec/events.ts";
import { findSession, type FoundSession } from "../find_session.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { folderInPod } from "./folder_in_pod.ts";
import { killedSync } from "./sync_here.ts";
import { postpone } from "./time_limits.ts";

/** Which shell. */
interface AttachOptions {
  /** Instead of a shell; may be empty. */
  command?: readonly string[];
  /** Joins the session's shared shell. */
  shared?: { readOnly: boolean };
  signal: AbortSignal;
}

/** A session in which a shell can be opened. */
interface Attached extends FoundSession {
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
    return await sharedShell(host, found, { ...shared, signal });
  };
  const [argv, folder, unsynced] = await Promise.all([
    sharedCommand(),
    folderInPod(host, found, signal),
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
      workdir: folder ?? workspaceFolder,
    },
    unsynced,
  };
}

/* A shell that several people see and type in at once, by the pod's own tmux. */

const askLimitMs = 15_000;

/**
 * Returns the args that join the shared shell of a session; without `readOnly` they start it if there is none.
 *
 * @throws KodamaError `conflict` if the image has no tmux, or with `readOnly` if there is no shared shell.
 */
async function sharedShell(
  host: Host,
  { session, target }: FoundSession,
  { readOnly, signal }: { readOnly: boolean; signal: AbortSignal },
): Promise<string[]> {
  const client = await host.kube(target.context);
  const pod = { client, target, clock: host.clock, signal };
  const result = await runInPod(pod, { argv: sharedStateCommand(), timeoutMs: askLimitMs });
  const state = sharedStateOf(result.stdout);
  if (result.outcome.kind !== "ok" || state === undefined) {
    throw podFailure("cannot check for a shared shell", result);
  }
  const { name } = session;
  if (state === "noTmux") {
    throw new KodamaError(
      "conflict",
      `the image of session "${name}" has no tmux, which a shared shell needs`,
      { hint: hint`${action("attach", { name })} opens a shell of your own` },
    );
  }
  if (readOnly && state === "none") {
    throw new KodamaError("conflict", `there is no shared shell in session "${name}"`, {
      hint: hint`${action("attach", { name, shared: true })} starts one`,
    });
  }
  return sharedShellCommand({ readOnly });
}
