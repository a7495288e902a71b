/** What may be changed in a context: the policy of the settings, and what it means for a change. */

/** The policies, from the strictest. */
const contextPolicies = ["read-only", "ask", "allow"] as const;

/** `read-only`: nothing is changed. `ask`: each change is confirmed. `allow`: only what is dangerous is confirmed. */
export type ContextPolicy = typeof contextPolicies[number];

/** Policies by the name of a context, in which `*` stands for any text. */
export type ContextPolicies = Readonly<Record<string, ContextPolicy>>;

/** Returns the policy of a context: of its own name, else the strictest of those that match; undefined without one. */
export function policyOf(policies: ContextPolicies, context: string): ContextPolicy | undefined {
  if (Object.hasOwn(policies, context)) return policies[context];
  const matching = Object.entries(policies).filter(([name]) => matchesName(name, context));
  return contextPolicies.find((policy) => matching.some(([, one]) => one === policy));
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
