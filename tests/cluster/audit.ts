/** What the rig's API server has recorded: its audit log, a line for each request. */
import { auditLog } from "./parts.ts";

interface AuditEvent {
  verb: string;
  impersonatedUser?: { username?: string };
  objectRef?: { namespace?: string; resource?: string; subresource?: string; name?: string };
}

/** As which user the rig's administrator made the requests, or about which namespace. */
export type AuditScope = { user: string } | { namespace: string };

/** Returns the namespaces that a user's requests were about; what belongs to no namespace is `-`. */
export async function namespacesOf(state: string, user: string): Promise<Set<string>> {
  const events = (await auditEvents(state))
    .filter(({ impersonatedUser, objectRef }) =>
      impersonatedUser?.username === user && objectRef !== undefined
    );
  return new Set(events.map(({ objectRef = {} }) => objectRef.namespace ?? "-"));
}

async function auditEvents(state: string): Promise<AuditEvent[]> {
  const lines = (await Deno.readTextFile(auditLog(state))).split("\n").filter((one) => one !== "");
  return lines.map((line): AuditEvent => JSON.parse(line));
}

/**
 * Returns what was requested besides reads of objects, such as `patch pods/web-0`. The log is written before a request's
 * answer.
 *
 * @param state folder of the rig.
 */
export async function changes(state: string, scope: AuditScope): Promise<string[]> {
  return (await auditEvents(state)).flatMap(
    ({ verb, impersonatedUser, objectRef = {} }) => {
      const { namespace, resource, subresource, name } = objectRef;
      const isInScope = "user" in scope
        ? impersonatedUser?.username === scope.user
        : namespace === scope.namespace;
      const isChange = !["get", "list", "watch"].includes(verb) || subresource === "exec";
      return isInScope && isChange
        ? [`${verb} ${[resource, name, subresource].filter(Boolean).join("/")}`]
        : [];
    },
  );
}
