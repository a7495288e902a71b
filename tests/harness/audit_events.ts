/** What an API server's audit log has of a user's requests. https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */

/** A line of the log, as far as tests read it. */
export interface AuditLine {
  verb: string;
  requestURI: string;
  requestReceivedTimestamp: string;
  user: { username?: string };
  impersonatedUser?: { username?: string };
  objectRef?: {
    apiGroup?: string;
    namespace?: string;
    resource?: string;
    subresource?: string;
    name?: string;
  };
  responseStatus?: { code?: number };
}

/** Returns as whom a request was made. */
export function actorOf({ user, impersonatedUser }: AuditLine): string | undefined {
  return impersonatedUser?.username ?? user.username;
}

const readingVerbs = new Set(["get", "list", "watch"]);

/** Returns whether a request is more than a read of objects: a command in a pod is. */
export function mayChange({ verb, objectRef = {} }: AuditLine): boolean {
  return !readingVerbs.has(verb) || objectRef.subresource === "exec";
}

/** Returns whether a request changes nothing although its verb could: a dry run, a review of rights, `auth whoami`. */
export function isTrial({ requestURI, objectRef = {} }: AuditLine): boolean {
  return /[?&]dryRun=All/.test(requestURI) || objectRef.apiGroup === "authorization.k8s.io" ||
    objectRef.resource === "selfsubjectreviews";
}

/** Returns it in words, such as `patch pods/web-0`. */
export function changeName({ verb, objectRef = {} }: AuditLine): string {
  const { resource, name, subresource } = objectRef;
  return `${verb} ${[resource, name, subresource].filter(Boolean).join("/")}`;
}

/** Returns the command of a request to run one in a pod. */
export function commandOf({ requestURI }: AuditLine): string[] {
  return new URL(requestURI, "https://server").searchParams.getAll("command");
}
