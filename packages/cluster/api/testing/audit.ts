/** The audit log: who did what, in audit.k8s.io/v1. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */
import type { RequestFacts } from "../gate.ts";
import type { User } from "../message.ts";
import { type Route, verbOf } from "../route.ts";

/** A line of the log, at the level `Metadata`. */
export interface AuditEvent {
  kind: "Event";
  apiVersion: "audit.k8s.io/v1";
  level: "Metadata";
  auditID: string;
  stage: RequestFacts["stage"];
  requestURI: string;
  verb: string;
  user: { username: string; groups: readonly string[] };
  impersonatedUser?: { username: string; groups: readonly string[] };
  sourceIPs: readonly string[];
  userAgent: string;
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    apiGroup?: string;
    apiVersion: string;
    subresource?: string;
  };
  responseStatus: {
    metadata: Record<never, never>;
    code: number;
    status?: string;
    reason?: string;
  };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations: Record<string, string>;
}

/** Returns the line of a request. */
export function auditEvent(facts: RequestFacts): AuditEvent {
  const { caller, actsAs, route, code, reason } = facts;
  const query = new URLSearchParams(facts.uri.split("?")[1] ?? "");
  return {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: facts.id,
    stage: facts.stage,
    requestURI: facts.uri,
    verb: verbOf({ method: facts.method, query }, route),
    user: userInfo(caller),
    ...(actsAs && actsAs !== caller ? { impersonatedUser: userInfo(actsAs) } : {}),
    sourceIPs: [facts.sourceAddress],
    userAgent: facts.userAgent,
    ...(route.kind === "resource" ? { objectRef: objectReference(route) } : {}),
    responseStatus: { metadata: {}, ...(reason ? { status: "Failure", reason } : {}), code },
    requestReceivedTimestamp: micro(facts.receivedAt),
    stageTimestamp: micro(facts.at),
    annotations: {
      "authorization.k8s.io/decision": facts.allowed === undefined ? "forbid" : "allow",
      "authorization.k8s.io/reason": facts.allowed ?? "",
    },
  };
}

function userInfo(user: User | undefined): AuditEvent["user"] {
  return { username: user?.name ?? "", groups: user?.groups ?? [] };
}

function objectReference(
  route: Extract<Route, { kind: "resource" }>,
): NonNullable<AuditEvent["objectRef"]> {
  const { plural, name, group, version, subresource } = route;
  // A namespace is an object of itself, as Kubernetes reads its path.
  const namespace = plural === "namespaces" && group === "" ? name : route.namespace;
  return {
    resource: plural,
    ...(namespace === "" ? {} : { namespace }),
    ...(name === "" ? {} : { name }),
    ...(group === "" ? {} : { apiGroup: group }),
    apiVersion: version,
    ...(subresource === "" ? {} : { subresource }),
  };
}

/** Returns RFC 3339 with six digits after the second, as the log has it. */
function micro(at: Date): string {
  return at.toISOString().replace("Z", "000Z");
}
