/** What the rig's API server has recorded: its audit log, a line for each request. */
import { auditLog } from "./parts.ts";

interface AuditEvent {
  verb: string;
  impersonatedUser?: { username?: string };
  objectRef?: { namespace?: string; resource?: string; subresource?: string; name?: string };
}

/** As which user the rig's administrator made the requests, or about which namespace. */
export type AuditScope = { user: string } | { namespace: string };

/**
 * Returns what was requested besides reads of objects, such as `patch pods/web-0`. The log is written before a request's
 * answer.
 *
 * @param state folder of the rig.
 */
export async function changes(state: string, scope: AuditScope): Promise<string[]> {
  const lines = (await Deno.readTextFile(auditLog(state))).split("\n").filter((one) => one !== "");
  return lines.map((line): AuditEvent => JSON.parse(line)).flatMap(
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
