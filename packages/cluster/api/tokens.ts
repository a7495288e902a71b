/** Bearer tokens: a table of their users, with an expiry for each. */
import type { User } from "./message.ts";

/** A token that the server accepts. */
export interface TokenGrant {
  token: string;
  user: User;
  /** Without one it never expires. */
  notAfter?: Date;
  /** False if the object that the token was issued for is deleted. */
  holds?: () => boolean;
}

/** The valid tokens. */
export interface TokenIssuer {
  /** Returns the user of this token; undefined if there is none, or it has expired. */
  holder(token: string): User | undefined;
  /** Returns a new token for a user. */
  issue(user: User, limits: Required<Pick<TokenGrant, "notAfter" | "holds">>): string;
}

/** Tokens of a service account have this user and these groups. */
export function serviceAccountUser(namespace: string, name: string, uid?: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
    ...(uid === undefined ? {} : { uid }),
  };
}

/** At most this many issued tokens are stored: the oldest is removed first. Initial tokens stay. */
const limit = 10_000;

/** Returns a table in memory that starts with `grants`. */
export function createTokens(
  options: { grants: readonly TokenGrant[]; now: () => Date; newToken: () => string },
): TokenIssuer {
  const granted = new Map(options.grants.map((grant) => [grant.token, grant]));
  const issued = new Map<string, TokenGrant>();
  return {
    holder(token) {
      const grant = granted.get(token) ?? issued.get(token);
      if (grant === undefined) return undefined;
      const { notAfter, holds = () => true, user } = grant;
      return (notAfter && notAfter <= options.now()) || !holds() ? undefined : user;
    },
    issue(user, limits) {
      const token = options.newToken();
      issued.set(token, { token, user, ...limits });
      const oldest = issued.keys().next().value;
      if (issued.size > limit && oldest !== undefined) issued.delete(oldest);
      return token;
    },
  };
}
