/** Who a person is, as the cluster knows them, and whether a session is theirs. */
import { KodamaError, UsageError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Session } from "../../session/model.ts";

interface SelfReview {
  status?: { userInfo?: { username?: unknown } };
}

/** The name; undefined where the cluster doesn't tell (before Kubernetes 1.28, or where it isn't allowed). */
export async function sessionOwner(
  client: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const review = await client.raw<SelfReview>(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      { signal, body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" } },
    );
    const name = review.status?.userInfo?.username;
    return typeof name === "string" && name !== "" ? plainText(name, 200) : undefined;
  } catch (error) {
    // Whether anything can be asked at all is found out, and told, by what is asked next.
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}

/**
 * Returns the owner of a session if that is somebody else.
 *
 * @param me as {@link sessionOwner} returns it; a session without a known owner, or a caller without a name, passes.
 */
export function otherOwner(
  { owner }: Pick<Session, "owner">,
  me: string | undefined,
): string | undefined {
  return me === undefined || owner === me ? undefined : owner;
}

/** As {@link otherOwner}, of the person whose credentials the client has. Asks nothing if no owner is known. */
export async function ownerIfOther(
  client: KubeClient,
  session: Pick<Session, "owner">,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (session.owner === undefined) return undefined;
  return otherOwner(session, await sessionOwner(client, signal));
}

/** Returns the line that names somebody else as a session's owner. */
export function ownerLine({ name }: Pick<Session, "name">, owner: string): string {
  return `session "${name}" belongs to ${plainText(owner, 200)}`;
}

/** The error of a start whose name is taken by somebody else's session. */
export function sessionOfOther({ name, namespace }: Session, owner: string): UsageError {
  return new UsageError(
    `session "${name}" in namespace "${namespace}" belongs to ${plainText(owner, 200)}`,
    {
      hint:
        `start yours under another name, or with -n in another namespace; kodama attach ${name} ` +
        "opens a shell in this one, and --join starts it as it is, with the owner's variables",
    },
  );
}
