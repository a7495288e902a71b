/** The proxy from the environment, by the rules of kubectl's own runtime (Go). */

/**
 * Returns `HTTPS_PROXY` or `HTTP_PROXY` by the server's scheme, unless `NO_PROXY` names the host; never for this
 * machine.
 */
export function proxyFromEnvironment(
  server: string,
  env: (name: string) => string | undefined,
): string | undefined {
  if (isThisMachine(server)) return undefined;
  const url = new URL(server);
  const isSecure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const port = url.port || (isSecure ? "443" : "80");
  const read = (name: string) => env(name) || env(name.toLowerCase()) || undefined;
  const excluded = (read("NO_PROXY") ?? "").split(",").some((rule) =>
    excludes(rule.trim().toLowerCase(), { host, port })
  );
  return excluded ? undefined : read(isSecure ? "HTTPS_PROXY" : "HTTP_PROXY");
}

/** Returns whether the address of a server is one of this machine. */
function isThisMachine(server: string): boolean {
  const host = new URL(server).hostname.toLowerCase();
  return host === "localhost" || /^127(?:\.\d+){3}$/.test(host) || host === "[::1]";
}

/**
 * Returns whether the runtime's own `fetch` would search for a proxy in the environment. Its rules aren't kubectl's:
 * requests to this machine go to the proxy too, and `NO_PROXY` wins over a kubeconfig's `proxy-url`.
 */
export function fetchLooksForProxy(env: (name: string) => string | undefined): boolean {
  return ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
    .some((name) => Boolean(env(name) || env(name.toLowerCase())));
}

/** https://pkg.go.dev/golang.org/x/net/http/httpproxy#Config */
function excludes(rule: string, { host, port }: { host: string; port: string }): boolean {
  if (rule === "*") return true;
  const address = addressBytes(host);
  const [network = "", bits] = rule.split("/");
  if (bits !== undefined) return address !== undefined && inNetwork(address, network, bits);
  const [, inBrackets, plain = rule, rulePort = port] =
    /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(rule) ?? [];
  const name = inBrackets ?? plain;
  if (name === "" || rulePort !== port) return false;
  if (address !== undefined) return addressBytes(name)?.join() === address.join();
  const suffix = name.replace(/^\*\./, ".");
  return suffix.startsWith(".")
    ? host.endsWith(suffix)
    : host === suffix || host.endsWith(`.${suffix}`);
}

/** CIDR notation. */
function inNetwork(address: readonly number[], network: string, bits: string): boolean {
  const base = addressBytes(network);
  const size = /^\d+$/.test(bits) ? Number(bits) : Infinity;
  if (base?.length !== address.length || size > 8 * base.length) return false;
  return base.every((byte, at) => {
    const mask = 0xff & (0xff00 >> Math.min(8, Math.max(0, size - 8 * at)));
    return (byte & mask) === ((address[at] ?? 0) & mask);
  });
}

/** Returns the 4 or 16 bytes of an IP address; undefined for a name. */
function addressBytes(text: string): number[] | undefined {
  if (/^\d+(?:\.\d+){3}$/.test(text)) {
    const bytes = text.split(".").map(Number);
    return bytes.every((byte) => byte <= 255) ? bytes : undefined;
  }
  if (!text.includes(":")) return undefined;
  // The canonical form has hexadecimal groups alone.
  const canonical = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  if (canonical === undefined) return undefined;
  const [before = [], after] = canonical.split("::").map((part) =>
    part === "" ? [] : part.split(":").map((group) => parseInt(group, 16))
  );
  const missing = after === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array.from({ length: missing }, () => 0), ...after ?? []];
  return groups.flatMap((group) => [group >> 8, group & 255]);
}
