/** Which changes a context allows: the policy of the settings, and its meaning for a change. */

/** The policies, from the strictest. */
const contextPolicies = ["read-only", "ask", "allow"] as const;

/** `read-only`: nothing is changed. `ask`: each change is confirmed. `allow`: only dangerous changes are confirmed. */
export type ContextPolicy = typeof contextPolicies[number];

/** Policies by the name of a context, or the address of a server, in which `*` stands for any text. */
export type ContextPolicies = Readonly<Record<string, ContextPolicy>>;

/** The policies of the settings. */
export interface Policies {
  contexts: ContextPolicies;
  servers: ContextPolicies;
}

/** A context, and the address of its API server as far as it is known. */
interface PolicyContext {
  name: string;
  server?: string | undefined;
}

/**
 * Returns the policy of a context; undefined without a policy. It is the strictest of its server's and its own: that of
 * its very name, else the strictest of all patterns that match it or another context of the same server. A context that
 * is renamed, or added, has no other policy than that of its server.
 *
 * @param others the contexts of the kubeconfig.
 */
export function effectivePolicy(
  { contexts, servers }: Policies,
  { name, server }: PolicyContext,
  others: readonly PolicyContext[],
): ContextPolicy | undefined {
  const address = server === undefined ? undefined : addressOf(server);
  const siblings = others.filter((one) =>
    one.name !== name && one.server !== undefined && addressOf(one.server) === address
  ).map((one) => policyOf(contexts, one.name));
  return strictest([
    policyOf(contexts, name),
    ...(Object.hasOwn(contexts, name) ? [] : siblings),
    ...(address === undefined ? [] : serverPolicies(servers, address)),
  ]);
}

/** Returns the strictest of all policies: that of a server which isn't known. */
export function strictestPolicy({ contexts, servers }: Policies): ContextPolicy | undefined {
  return strictest([...Object.values(contexts), ...Object.values(servers)]);
}

function serverPolicies(servers: ContextPolicies, address: string): ContextPolicy[] {
  const { host = address, hostname = address } = URL.parse(address) ?? {};
  return Object.entries(servers).filter(([pattern]) =>
    [address, host, hostname].some((form) => matchesName(addressOf(pattern), form))
  ).map(([, policy]) => policy);
}

/**
 * Returns an address in a uniform form: `https://HOST[:PORT][/PATH]`, without the usual port; a pattern in lower case.
 */
function addressOf(server: string): string {
  const text = server.trim();
  const isPattern = text.includes("*") || !/^https?:/i.test(text);
  const url = isPattern ? text.toLowerCase() : URL.parse(text)?.href ?? text.toLowerCase();
  return url.replace(/\/+$/, "");
}

function strictest(policies: readonly (ContextPolicy | undefined)[]): ContextPolicy | undefined {
  return contextPolicies.find((policy) => policies.includes(policy));
}

/**
 * Returns the policy of a context's name: its own, else the strictest of those that match; undefined without a policy.
 */
export function policyOf(policies: ContextPolicies, context: string): ContextPolicy | undefined {
  if (Object.hasOwn(policies, context)) return policies[context];
  const matching = Object.entries(policies).filter(([name]) => matchesName(name, context));
  return strictest(matching.map(([, policy]) => policy));
}

/** Returns the stricter of two policies. */
export function stricter(a: ContextPolicy, b: ContextPolicy): ContextPolicy {
  return contextPolicies.find((policy) => policy === a || policy === b) ?? a;
}

/** Returns whether a name matches a pattern; `*` stands for any text. Takes time in proportion to both lengths. */
export function matchesName(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  const last = others.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of others) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
