/** The user's name, as the cluster knows it, and whether a session belongs to that user. */
import { action, hint, option } from "../../base/hint.ts";
import { KodamaError, UsageError } from "../../base/errors.ts";
import { plainText } from "../../base/plain_text.ts";
import type { KubeClient } from "../../kube/client.ts";
import type { Session } from "../../session/model.ts";

interface SelfReview {
  status?: { userInfo?: { username?: unknown } };
}

/**
 * Returns the user's name; undefined if the cluster doesn't report it (before Kubernetes 1.28, or if it isn't allowed).
 */
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
    // If the cluster can't be reached at all, the next request finds and reports that.
    if (error instanceof KodamaError && !signal.aborted) return undefined;
    throw error;
  }
}

/**
 * Returns whether a session belongs to another user.
 *
 * @param me as {@link sessionOwner} returns it; a session without a known owner, or a caller without a name, passes.
 */
export function isOthers<S extends Pick<Session, "owner">>(
  session: S,
  me: string | undefined,
): session is S & { owner: string } {
  return me !== undefined && session.owner !== undefined && session.owner !== me;
}

/** A verb that ends, changes or uses a session of another user. */
export interface OthersSession {
  /** As in "stop it". */
  verb: string;
  name: string;
  owner: string;
}

/**
 * Obtains the user's consent to a verb on another user's session, which no other confirmation implies; rejects without
 * it. Every action with such a verb requires it as its option, and calls it before it does anything.
 */
export type Consent = (session: OthersSession) => Promise<void>;

/**
 * Calls `consent` if the session belongs to another user than that of the client's credentials. No request is made if no
 * owner is known.
 */
export async function requireConsent(
  client: KubeClient,
  session: Pick<Session, "name" | "owner">,
  { verb, consent, signal }: { verb: string; consent: Consent; signal: AbortSignal },
): Promise<void> {
  if (session.owner === undefined) return;
  if (!isOthers(session, await sessionOwner(client, signal))) return;
  await consent({ verb, name: session.name, owner: plainText(session.owner, 200) });
}

/** The consent to a part of an action whose user has consented to the whole. */
export const consented: Consent = () => Promise.resolve();

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
