/**
 * What may be sent through a client. If it is read-only, nothing leaves this process that could change the cluster or a
 * pod; if it has only one namespace, nothing that is about another, or about what has none. Every request and every
 * stream passes {@link requireReading} and {@link requireWithin} in `http/transport.ts`, so that no caller can forget it.
 */
import { KodamaError } from "../base/errors.ts";
import { type Hint, hint, option } from "../base/hint.ts";

/** Why nothing may be changed: this run is read-only, or the context is, by its policy in the settings. */
export type ReadOnlyReason = "run" | "context";

/** A request to the API server, as far as it decides whether something can change. */
export interface RequestLine {
  method: string;
  /** With its query. */
  path: string;
}

/** Collections to which a POST stores nothing: questions about rights and identity. */
const questions =
  /^\/apis\/(?:authorization\.k8s\.io\/v1[^/]*\/(?:self)?subject(?:access|rules)reviews|authorization\.k8s\.io\/v1[^/]*\/namespaces\/[^/]+\/localsubjectaccessreviews|authentication\.k8s\.io\/v1[^/]*\/selfsubjectreviews)$/;

/** Subresources that lead into pods, nodes and services, whatever the method is. */
const streams =
  /\/(?:pods|nodes|services)\/+[^/]+\/+(?:exec|attach|proxy)(?:\/|$)|^\/api\/v1\/proxy\//;

/**
 * Returns the decoded path of a request, without its query; undefined for one that a URL's parser rewrites (dot
 * segments, backslashes, tabs), because it would be sent as another path than the one that was checked.
 */
export function checkedPath(path: string): string | undefined {
  const [plain = ""] = path.split("?");
  try {
    if (new URL(`https://server${plain}`).pathname !== plain) return undefined;
    return decodeURIComponent(plain);
  } catch {
    return undefined;
  }
}

/** Returns whether a request changes nothing. The streams of a forward don't: what is sent through them is the user's. */
export function isReadingRequest({ method, path }: RequestLine): boolean {
  const decoded = checkedPath(path);
  if (decoded === undefined || streams.test(decoded)) return false;
  if (method === "GET" || method === "HEAD") return true;
  return method === "POST" && (questions.test(decoded) || decoded.endsWith("/portforward"));
}

/**
 * Throws `readOnly` if a request could change something and nothing may be changed.
 *
 * @param isKnownToRead the caller knows that the command of a stream only reads.
 */
export function requireReading(
  client: { context: string; readOnly: ReadOnlyReason | undefined },
  request: RequestLine,
  isKnownToRead: boolean,
): void {
  if (client.readOnly === undefined || isKnownToRead || isReadingRequest(request)) return;
  const [plain = ""] = request.path.split("?");
  const [, pod] = /\/pods\/([^/]+)\/(?:exec|attach)$/.exec(plain) ?? [];
  const what = pod === undefined ? `send ${request.method} ${plain}` : `run a command in ${pod}`;
  throw readOnlyError(client.context, client.readOnly, what);
}

/**
 * Throws `readOnly` if nothing may be changed through a client: before any work, and with a better message than the
 * refused request's.
 *
 * @param what completes `cannot …`.
 */
export function requireWritable(
  { context, readOnly }: { context: string; readOnly?: ReadOnlyReason | undefined },
  what: string,
): void {
  if (readOnly !== undefined) throw readOnlyError(context, readOnly, what);
}

function readOnlyError(context: string, reason: ReadOnlyReason, what: string): KodamaError {
  const ways: Readonly<Record<ReadOnlyReason, Hint>> = {
    run: hint`${option("readOnly")} or the variable KODAMA_READ_ONLY allows only reading`,
    context: "the settings gate.contexts and gate.servers allow only reading there",
  };
  return new KodamaError("readOnly", `cannot ${what}: context ${context} is read-only`, {
    hint: ways[reason],
  });
}

/** What a server offers: its version and its kinds. */
const discovery = /^\/(?:version|api|apis|api\/v1|apis\/[^/]+|apis\/[^/]+\/[^/]+)\/?$/;

/** Returns whether a request is about this namespace, about what the server offers, or a question about rights. */
export function isWithinNamespace(namespace: string, { method, path }: RequestLine): boolean {
  const decoded = checkedPath(path);
  if (decoded === undefined) return false;
  const parts = decoded.split("/");
  // A server that resolves encoded ones would find another path.
  if (parts.some((part) => part === "." || part === "..")) return false;
  const [, root, , third] = parts;
  const scoped = root === "api" ? parts.slice(3) : root === "apis" ? parts.slice(4) : [];
  if (scoped[0] === "namespaces" && scoped[1] === namespace) return true;
  if (discovery.test(decoded)) return method === "GET";
  return method === "POST" && /^(?:authorization|authentication)\.k8s\.io$/.test(parts[2] ?? "") &&
    third !== undefined && scoped[0] !== "namespaces" && isReadingRequest({ method, path });
}

/** Throws `forbidden` for a request beyond the namespace. */
export function requireWithin(
  { context, namespace }: { context: string; namespace: string },
  request: RequestLine,
): void {
  if (isWithinNamespace(namespace, request)) return;
  const [plain = ""] = request.path.split("?");
  throw new KodamaError("forbidden", `cannot send ${request.method} ${plain}`, {
    hint: `only the namespace ${namespace} of context ${context} may be used here`,
  });
}
