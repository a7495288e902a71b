/**
 * Authenticates a request: a client certificate, or a bearer token.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 */
import type { User } from "./message.ts";
import { internalError } from "./status.ts";
import type { TokenIssuer } from "./tokens.ts";

/** What a connection and its headers reveal about the caller. */
export interface Credentials {
  /** Returns the subject of a client certificate that the server's authority has signed and that is valid now. */
  certificate: { commonName: string; organizations: readonly string[] } | undefined;
  authorization: string | undefined;
}

/**
 * Returns the caller; undefined if no credential is valid. A token that is given must be valid, as on a real server.
 */
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

/** Paths by which a load balancer learns whether the server is up, and its version. */
const publicPaths = /^\/(healthz|livez|readyz|version)\/?$/;

/**
 * Returns the anonymous caller, accepted on a few paths only: as on a real server whose AuthenticationConfiguration
 * names them. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests
 */
export function anonymous(
  { certificate, authorization }: Credentials,
  path: string,
): User | undefined {
  if (certificate !== undefined || authorization !== undefined || !publicPaths.test(path)) {
    return undefined;
  }
  return { name: "system:anonymous", groups: ["system:unauthenticated"] };
}

/**
 * Returns the impersonated user of the headers. Throws a 500, as a real server does, for groups without a user.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function impersonated(
  headers: Readonly<Record<string, string>>,
): { name: string; groups: readonly string[] } | undefined {
  const name = headers["impersonate-user"];
  if (name === undefined || name === "") {
    const alone = Object.keys(headers).find((each) =>
      /^impersonate-(group|uid|extra-.*)$/.test(each)
    );
    if (alone === undefined) return undefined;
    throw internalError(`requested ${alone}: ${headers[alone]} without impersonating a user`);
  }
  const named = (headers["impersonate-group"] ?? "").split(",").map((each) => each.trim())
    .filter((each) => each !== "");
  const account = /^system:serviceaccount:([^:]+):[^:]+$/.exec(name)?.[1];
  const own = account === undefined || named.length > 0
    ? []
    : ["system:serviceaccounts", `system:serviceaccounts:${account}`];
  return { name, groups: [...new Set([...named, ...own, "system:authenticated"])] };
}
