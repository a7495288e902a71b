/** Which local port leads to which port of a pod: `8080:80`, `:80`, `https`, `8000-8010:8000-8010`. Pure. */

/** The local side of a mapping. */
export type LocalPort =
  | { kind: "port"; port: number }
  /** The number behind the name of the remote port: of the service if it has the name, else of the container. */
  | { kind: "same" }
  /** Any free port. */
  | { kind: "free" }
  | { kind: "unix"; path: string };

/** A local port, and the port behind it: a number, or the name that a container or a service gives it. */
export interface PortMapping {
  local: LocalPort;
  remote: number | string;
}

/** The most ports of a range. */
const maxRange = 1024;

/** https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports: RFC 6335, 5.1. */
const portName = /^(?=.*[a-z])[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/;

/** Returns the mappings that a text stands for, or why it isn't valid. */
export function parsePorts(text: string): PortMapping[] | { invalid: string } {
  const unix = /^unix:(.+):([^:]+)$/s.exec(text);
  if (unix !== null) {
    const [, path = "", remote = ""] = unix;
    const ports = parseRemote(remote);
    if (!Array.isArray(ports)) return ports;
    if (ports.length > 1) return { invalid: "a socket leads to one port" };
    return ports.map((remote) => ({ local: { kind: "unix", path }, remote }));
  }
  const at = text.indexOf(":");
  const remotes = parseRemote(text.slice(at + 1));
  if (!Array.isArray(remotes)) return remotes;
  if (at === 0) return remotes.map((remote) => ({ local: { kind: "free" }, remote }));
  if (at === -1) {
    return remotes.map((remote) => ({
      local: typeof remote === "number" ? { kind: "port", port: remote } : { kind: "same" },
      remote,
    }));
  }
  const locals = parseNumbers(text.slice(0, at), 0);
  if (!Array.isArray(locals)) return locals;
  if (locals.length !== remotes.length) {
    return { invalid: `${locals.length} local ports can't lead to ${remotes.length}` };
  }
  return locals.map((port, index) => ({
    local: port === 0 ? { kind: "free" } : { kind: "port", port },
    remote: remotes[index] ?? 0,
  }));
}

/** Returns whether a text can only be ports, and no name of a pod: it is a number, or has a colon. */
export function looksLikePorts(text: string): boolean {
  return text.includes(":") || /^\d+(?:-\d+)?$/.test(text);
}

function parseRemote(text: string): (number | string)[] | { invalid: string } {
  if (/^\d/.test(text) && /^[\d-]+$/.test(text)) return parseNumbers(text, 1);
  if (portName.test(text)) return [text];
  return { invalid: text === "" ? "the pod's port is missing" : `${text} is not a port` };
}

/** `80` or `8000-8010`. */
function parseNumbers(text: string, least: number): number[] | { invalid: string } {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return { invalid: `${text || "nothing"} is not a port` };
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (first < least || last > 65_535) return { invalid: `ports are ${least} to 65535` };
  if (last < first) return { invalid: `${text} ends before it starts` };
  if (last - first >= maxRange) return { invalid: `a range has at most ${maxRange} ports` };
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Returns the text of a mapping, which parses to the same. */
export function portText({ local, remote }: PortMapping): string {
  switch (local.kind) {
    case "port":
      return local.port === remote ? String(remote) : `${local.port}:${remote}`;
    case "same":
      return String(remote);
    case "free":
      return `:${remote}`;
    case "unix":
      return `unix:${local.path}:${remote}`;
  }
}

/** A port of a service, as the API has it. */
export interface ServicePort {
  name?: string;
  port: number;
  targetPort?: number | string;
  protocol?: string;
}

/** Returns whether a port can be forwarded: Kubernetes forwards TCP alone. */
export function isTcp({ protocol }: { protocol?: string }): boolean {
  return protocol === undefined || protocol === "TCP";
}

/** The port of a service for a requested port. */
export interface ServiceRoute {
  /** The port of the pods. */
  remote: number | string;
  /** The port of the service; undefined if it has none. */
  own: number | undefined;
  isTcp: boolean;
}

/**
 * Returns the port of the pods behind a service's port, as kubectl resolves it; undefined if the service has no such
 * port. A headless service has no ports of its own in between: a number is the pod's.
 */
export function servicePort(
  { ports, isHeadless }: { ports: readonly ServicePort[]; isHeadless: boolean },
  requested: number | string,
): ServiceRoute | undefined {
  const all = ports.filter(({ name, port }) => name === requested || port === requested);
  // A number may be that of a TCP and of a UDP port.
  const found = all.find(isTcp) ?? all[0];
  if (found === undefined) {
    return isHeadless && typeof requested === "number"
      ? { remote: requested, own: undefined, isTcp: true }
      : undefined;
  }
  const remote = isHeadless && typeof requested === "number"
    ? requested
    // 0 and an absent target port are the service's own port.
    : found.targetPort || found.port;
  return { remote, own: found.port, isTcp: isTcp(found) };
}
