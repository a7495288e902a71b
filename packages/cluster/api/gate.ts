/** Authenticates and authorizes every request, upgrades included, before it is answered. */
import type { IncomingHttpHeaders } from "node:http";
import type { TLSSocket } from "node:tls";
import { attributesOf, checkAllowed, checkImpersonation } from "./api.ts";
import type { ApiContext } from "./context.ts";
import type { User } from "./message.ts";
import { parseRoute, type Route } from "./route.ts";
import { ApiError, badRequest, internalError, unauthorized } from "./status.ts";
import type { TokenIssuer } from "./tokens.ts";

/** A request before its body: of `node:http`, or of another carrier. */
export interface RequestHead {
  method?: string | undefined;
  url?: string | undefined;
  headers: IncomingHttpHeaders;
  socket: { remoteAddress?: string | undefined };
}

/** An incoming request. */
export interface Entrance {
  user: User;
  route: Route;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
}

/** Admits requests, and reports their outcome. */
export interface RequestGate {
  /** Throws a 401 or a 403. */
  enter(request: RequestHead, record: AuditRecord): Entrance;
  /** Starts the record of a request. */
  record(request: RequestHead): AuditRecord;
}

/** A request, as an audit log would have it. */
export interface RequestFacts {
  id: string;
  stage: "ResponseStarted" | "ResponseComplete";
  method: string;
  uri: string;
  route: Route;
  /** Absent if the caller was not authenticated. */
  caller: User | undefined;
  actsAs: User | undefined;
  sourceAddress: string;
  userAgent: string;
  code: number;
  /** The reason in the Status of a failed request. */
  reason: string | undefined;
  /** Why it was allowed; undefined if it wasn't. */
  allowed: string | undefined;
  receivedAt: Date;
  at: Date;
}

/** What is known of a request while it is answered. */
export interface AuditRecord {
  caller: User | undefined;
  actsAs: User | undefined;
  allowed: string | undefined;
  /** Reports it. */
  end(code: number, reason?: string, stage?: RequestFacts["stage"]): void;
}

/** Creates the gate of a cluster. */
export function createGate(
  context: ApiContext,
  audit: ((facts: RequestFacts) => void) | undefined,
): RequestGate {
  return {
    enter: (request, record) => enter(context, request, record),
    record: (request) => newRecord(context, request, audit),
  };
}

function enter(context: ApiContext, request: RequestHead, record: AuditRecord): Entrance {
  const headers = plainHeaders(request);
  const { path, query } = target(request);
  const shown = credentials(request, headers);
  const caller = authenticate(shown, context.tokens) ?? anonymous(shown, path);
  if (caller === undefined) throw unauthorized();
  record.caller = caller;
  const user = checkImpersonation(context, caller, impersonated(headers));
  record.actsAs = user;
  const route = parseRoute(path);
  const requested = { method: request.method ?? "GET", query };
  record.allowed = checkAllowed(context, user, attributesOf(requested, route));
  return { user, route, path, query, headers };
}

function target(request: RequestHead): { path: string; query: URLSearchParams } {
  const [encoded = "/", search = ""] = (request.url ?? "/").split(/\?(.*)/s);
  try {
    return { path: decodeURIComponent(encoded), query: new URLSearchParams(search) };
  } catch {
    throw badRequest("the path of the request is not well encoded");
  }
}

function plainHeaders(request: RequestHead): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(",") : value ?? "",
    ]),
  );
}

function credentials(request: RequestHead, headers: Record<string, string>): Credentials {
  const socket = request.socket as TLSSocket;
  // Not authorized: signed by another authority, or expired.
  const subject = socket.authorized ? socket.getPeerCertificate().subject : undefined;
  const organizations = subject?.O as string | string[] | undefined;
  return {
    certificate: subject?.CN === undefined ? undefined : {
      commonName: String(subject.CN),
      organizations: organizations === undefined ? [] : [organizations].flat(),
    },
    authorization: headers["authorization"],
  };
}

function newRecord(
  context: ApiContext,
  request: RequestHead,
  audit: ((facts: RequestFacts) => void) | undefined,
): AuditRecord {
  const receivedAt = context.clock.now();
  const record: AuditRecord = {
    caller: undefined,
    actsAs: undefined,
    allowed: undefined,
    end(code, reason, stage = "ResponseComplete") {
      const uri = request.url ?? "/";
      audit?.({
        id: context.newUid(),
        stage,
        method: request.method ?? "GET",
        uri,
        route: parseRoute(uri.split("?")[0] ?? "/"),
        caller: record.caller,
        actsAs: record.actsAs,
        sourceAddress: request.socket.remoteAddress ?? "",
        userAgent: request.headers["user-agent"] ?? "",
        code,
        reason,
        allowed: record.allowed,
        receivedAt,
        at: context.clock.now(),
      });
    },
  };
  return record;
}

/** Returns the answer to a failed request; an error that isn't an API answer is a fault in this server. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return internalError(error instanceof Error ? error.message : String(error));
}

/*
 * Authenticates a request: a client certificate, or a bearer token.
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/
 */

/** What a connection and its headers reveal about the caller. */
interface Credentials {
  /** Returns the subject of a client certificate that the server's authority has signed and that is valid now. */
  certificate: { commonName: string; organizations: readonly string[] } | undefined;
  authorization: string | undefined;
}

/**
 * Returns the caller; undefined if no credential is valid. A token that is given must be valid, as on a real server.
 */
function authenticate(
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
function anonymous(
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
function impersonated(
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
