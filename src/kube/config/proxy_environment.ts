/** The proxy from the environment, by the rules of kubectl's own runtime (Go). */

/**
 * Returns `HTTPS_PROXY` or `HTTP_PROXY` by the server's scheme, unless `NO_PROXY` names the host; never for this
 * machine.
 */
export function proxyFromEnvironment(
  server: string,
  env: (name: string) => string | undefined,
): string | undefined {
  const url = new URL(server);
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host.startsWith("127.") || host === "::1") return undefined;
  const read = (name: string) => env(name) || env(name.toLowerCase()) || undefined;
  const proxy = read(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  const excluded = (read("NO_PROXY") ?? "").split(",").some((rule) =>
    excludes(rule.trim().toLowerCase(), host, url.port)
  );
  return excluded ? undefined : proxy;
}

/**
 * Returns whether the runtime's own `fetch` would search for a proxy in the environment. Its rules aren't kubectl's:
 * requests to this machine go to the proxy too, and `NO_PROXY` wins over a kubeconfig's `proxy-url`.
 */
export function fetchLooksForProxy(env: (name: string) => string | undefined): boolean {
  return ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
    .some((name) => Boolean(env(name) || env(name.toLowerCase())));
}

function excludes(rule: string, host: string, port: string): boolean {
  if (rule === "") return false;
  if (rule === "*") return true;
  const [, name = rule, rulePort] = /^([^:]+):(\d+)$/.exec(rule) ?? [];
  if (rulePort !== undefined && rulePort !== port) return false;
  if (name.includes("/")) return inNetwork(host, name);
  const suffix = name.replace(/^\*?\./, "");
  return host === suffix || host.endsWith(`.${suffix}`);
}

/** IPv4 in CIDR notation. */
function inNetwork(host: string, network: string): boolean {
  const [base = "", bits = ""] = network.split("/");
  const [address, start] = [ipv4(host), ipv4(base)];
  const size = Number(bits);
  if (address === undefined || start === undefined || !(size >= 0 && size <= 32)) return false;
  const block = 2 ** (32 - size);
  return Math.floor(address / block) === Math.floor(start / block);
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || !parts.every((part) => part >= 0 && part <= 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
