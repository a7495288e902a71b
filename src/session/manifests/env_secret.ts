/**
 * The Secret with the variables of dotenv files and the token for git. The only object with a session's secrets. Pure.
 */
import type { Secret } from "../../kube/types.ts";
import { gitTokenKey } from "../git_environment.ts";
import type { Session } from "../model.ts";
import { sessionLabels, sessionNames } from "../names.ts";

/** The content of the Secret. */
export interface SessionSecrets {
  variables: ReadonlyMap<string, string>;
  gitToken?: string;
}

/** Returns the Secret; empty if there is nothing to store, so that a later start can fill it. */
export function envSecret(
  session: Pick<Session, "name" | "namespace" | "spec">,
  secrets: SessionSecrets,
): Secret {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: sessionNames(session.name).envSecret,
      namespace: session.namespace,
      labels: sessionLabels(session, "env"),
    },
    type: "Opaque",
    data: secretData(secrets),
  };
}

/** Encoded here: `stringData` is for manual use, and reappears in the annotation of `kubectl apply`. */
function secretData({ variables, gitToken }: SessionSecrets): Record<string, string> {
  return {
    ...Object.fromEntries([...variables].map(([name, value]) => [name, base64(value)])),
    ...(gitToken === undefined ? {} : { [gitTokenKey]: base64(gitToken) }),
  };
}

/**
 * Returns how these secrets change a session's Secret: a pod reads its variables at its start, and the token as a file.
 */
export function secretChanges(
  there: Secret | undefined,
  secrets: SessionSecrets,
): { variables: boolean; gitToken: boolean } {
  const is = secretData(secrets);
  const was = there?.data ?? {};
  const names = new Set([...Object.keys(is), ...Object.keys(was)]);
  const gitToken = is[gitTokenKey] !== was[gitTokenKey];
  names.delete(gitTokenKey);
  return { variables: [...names].some((name) => is[name] !== was[name]), gitToken };
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/** Returns the same Secret with dashes for its values: the output of `--dry-run`. */
export function maskedSecret(secret: Secret): Secret {
  const data = Object.fromEntries(Object.keys(secret.data ?? {}).map((name) => [name, "LS0t"]));
  return { ...secret, data };
}
