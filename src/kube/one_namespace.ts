/**
 * Clients of one namespace: through one of them nothing leaves this process that is about another namespace, or about
 * what has none. Like read-only clients (`read_only.ts`), they are held to it in `http/transport.ts`.
 */
import { KodamaError } from "../base/errors.ts";
import { checkedPath, isReadingRequest, type RequestLine } from "./read_only.ts";

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
