/** What a teammate needs to attach to a session: its address, and the rights needed. No credentials. */
import type { KubeObject } from "../../kube/types.ts";
import type { Session } from "../../session/model.ts";
import { ownedBy } from "../../session/state.ts";
import {
  sharedShellCommand,
  sharedStateCommand,
  sharedStateOf,
  shareRights,
} from "../../session/share_rights.ts";
import { type LiveStatus, liveStatus } from "../../session/status.ts";
import type { Host } from "../host.ts";
import type { SessionRef } from "./events.ts";
import { openSession } from "../session_ref.ts";
import { action, hint } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { podFailure, runInPod } from "../../podscript/run_in_pod.ts";
import type { FoundSession } from "../find_session.ts";

/** Which session, and for which user. */
export interface ShareOptions extends SessionRef {
  /** The teammate's name in the cluster; a placeholder if absent. */
  user?: string;
  signal: AbortSignal;
}

/** The content of the note. */
export interface ShareNote {
  session: Session;
  live: LiveStatus;
  /** `https://host:port` of the API server. */
  server: string;
  /** A Role and a RoleBinding, which the cluster removes when the session is deleted. */
  rights: readonly KubeObject[];
}

/** The placeholder for an unknown name. */
const someone = "TEAMMATE";

/**
 * Returns the note; changes nothing.
 *
 * @throws KodamaError `notFound` if there is no such session.
 */
export async function share(host: Host, options: ShareOptions): Promise<ShareNote> {
  const { user, signal } = options;
  const { store, stored, pod } = await openSession(host, options, signal);
  const { session } = stored;
  return {
    session,
    live: liveStatus(session, pod),
    server: withoutUser(store.client.server),
    rights: shareRights(session, user ?? someone).map((right) => ownedBy(stored, right)),
  };
}

/** An address may contain a user name and a password, which must not be shared. */
function withoutUser(server: string): string {
  const url = new URL(server);
  url.username = "";
  url.password = "";
  return url.href.replace(/\/$/, "");
}

/* A shell that several people see and type in at once. */

const askLimitMs = 15_000;

/**
 * Returns the args that join the shared shell of a session; without `readOnly` they start it if there is none.
 *
 * @throws KodamaError `conflict` if the image has no tmux, or with `readOnly` if there is no shared shell.
 */
export async function sharedShell(
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
