/** The user's name, as the cluster knows it, and whether a session belongs to that user. */
import { action, hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Session } from "../../session/model.ts";

interface SelfReview {
  metadata?: { creationTimestamp?: unknown };
  status?: { userInfo?: { username?: unknown } };
}

/** The answer of the API server to who is asking, and when. */
export interface SelfInfo {
  /** Absent if the cluster doesn't report it (before Kubernetes 1.28, or if it isn't allowed). */
  user?: string;
  /** The server's clock, cut to a second. */
  now?: Date;
}

/** Returns the name; undefined if the cluster doesn't report it. */
export async function sessionOwner(
  client: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  return (await selfInfo(client, signal)).user;
}

/** Returns what the cluster reports. */
export async function selfInfo(client: KubeClient, signal: AbortSignal): Promise<SelfInfo> {
  try {
    const review = await client.raw<SelfReview>(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { signal, body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } },
    );
    const name = review.status?.userInfo?.username;
    const now = new Date(String(review.metadata?.creationTimestamp ?? ""));
    return {
      ...(typeof name === "string" && name !== "" ? { user: plainText(name, 200) } : {}),
      ...(Number.isNaN(now.getTime()) ? {} : { now }),
    };
  } catch (error) {
    // If the cluster can't be reached at all, the next request finds and reports that.
    if (error instanceof KodamaError && !signal.aborted) return {};
    throw error;
  }
}

/**
 * Returns the owner of a session if that is someone else.
 *
 * @param me as {@link sessionOwner} returns it; a session without a known owner, or a caller without a name, passes.
 */
export function otherOwner(
  { owner }: Pick<Session, "owner">,
  me: string | undefined,
): string | undefined {
  return me === undefined || owner === me ? undefined : owner;
}

/** As {@link otherOwner}, for the user of the client's credentials. No request is made if no owner is known. */
export async function ownerIfOther(
  client: KubeClient,
  session: Pick<Session, "owner">,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (session.owner === undefined) return undefined;
  return otherOwner(session, await sessionOwner(client, signal));
}

/** Returns the line that names someone else as a session's owner. */
export function ownerLine({ name }: Pick<Session, "name">, owner: string): string {
  return `session "${name}" belongs to ${plainText(owner, 200)}`;
}

/** Returns the error of a start whose name is taken by someone else's session. */
export function sessionOfOther({ name, namespace }: Session, owner: string): UsageError {
  return new UsageError(
    `session "${name}" in namespace "${namespace}" belongs to ${plainText(owner, 200)}`,
    {
      hint: hint`start yours under another name, or with ${
        option("namespace")
      } in another namespace; ${action("attach", { name })} opens a shell in this one, and ${
        option("join")
      } starts it as it is, with the owner's variables`,
    },
  );
}
