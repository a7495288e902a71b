/** Who asks: a client certificate, or a bearer token. https://kubernetes.io/docs/reference/access-authn-authz/authentication/ */
import type { User } from "./message.ts";
import type { TokenIssuer } from "./tokens.ts";

/** What a connection and its headers tell of the caller. */
export interface Credentials {
  /** The subject of a client certificate that the server's authority has signed and that is in force. */
  certificate: { commonName: string; organizations: readonly string[] } | undefined;
  authorization: string | undefined;
}

/** The caller; undefined where no credential holds. A token that is given must hold, as on a real server. */
export function authenticate(
  { certificate, authorization }: Credentials,
  tokens: TokenIssuer,
): User | undefined {
  const known = authorization === undefined
    ? certificate && { name: certificate.commonName, groups: certificate.organizations }
    : tokens.holder(/^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? "");
  if (known === undefined || known.name === "") return undefined;
  return { ...known, groups: [...new Set([...known.groups, "system:authenticated"])] };
}

/** The user that the headers ask to be taken for. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
export function impersonated(
  headers: Readonly<Record<string, string>>,
): { name: string; groups: readonly string[] } | undefined {
  const name = headers["impersonate-user"];
  if (name === undefined || name === "") return undefined;
  const named = (headers["impersonate-group"] ?? "").split(",").map((each) => each.trim())
    .filter((each) => each !== "");
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name)?.[1];
  const own = account === undefined || named.length > 0
    ? []
    : ["system:serviceaccounts", `system:serviceaccounts:${account}`];
  return { name, groups: [...new Set([...named, ...own, "system:authenticated"])] };
}
