/** What the rig's API server has recorded: its audit log, a line for each request. */
import { actorOf, type AuditLine, changeName, mayChange } from "../harness/audit_events.ts";
import { auditLog } from "./parts.ts";

/** As which user the rig's administrator made the requests, or about which namespace. */
export type AuditScope = { user: string } | { namespace: string };

/** Returns the namespaces that a user's requests were about; what belongs to no namespace is `-`. */
export async function namespacesOf(state: string, user: string): Promise<Set<string>> {
  const events = (await auditLines(state))
    .filter((line) => actorOf(line) === user && line.objectRef !== undefined);
  return new Set(events.map(({ objectRef = {} }) => objectRef.namespace ?? "-"));
}

/**
 * Returns all that was requested. A line is written before the request's answer.
 *
 * @param state folder of the rig.
 */
export async function auditLines(state: string): Promise<AuditLine[]> {
  const path = auditLog(state);
  const folder = path.slice(0, path.lastIndexOf("/"));
  const [stem = ""] = path.slice(folder.length + 1).split(".");
  // After each 100 MB the server starts a new file, and renames the old one: audit-2026-11-23T10-19-12.345.log.
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => name.startsWith(stem) && name.endsWith(".log"));
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${folder}/${name}`)));
  return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""))
    .map((line): AuditLine => JSON.parse(line));
}

/** Returns what was requested besides reads of objects, such as `patch pods/web-0`. */
export async function changes(state: string, scope: AuditScope): Promise<string[]> {
  return (await auditLines(state)).filter((line) =>
    mayChange(line) &&
    ("user" in scope ? actorOf(line) === scope.user : line.objectRef?.namespace === scope.namespace)
  ).map(changeName);
}
