import { UsageError } from "../../../base/errors.ts";
import { definedOnly } from "../../../base/json_value.ts";
import type { OneNamespace } from "../../invocation.ts";
import { text, toggle, value } from "../../parser/flag.ts";
import { contextValue, kubeconfigFlag, namespaceValue } from "../../parser/scope_flags.ts";

/** The permissions and the reach of a server: flags of the server itself, and of the entry that starts it. */
export const serverFlags = {
  "allow-changes": toggle("offer what changes something, and ask before each change"),
  namespace: value(
    "only this namespace: nothing else can be read or changed",
    text,
    namespaceValue,
  ),
  context: value(
    "with --namespace: only this context, instead of the current one",
    text,
    contextValue,
  ),
  kubeconfig: kubeconfigFlag,
};

/** Returns the only namespace that may be used; undefined for no limit. */
export function onlyOf(
  { namespace, context }: { namespace: string | undefined; context: string | undefined },
): OneNamespace | undefined {
  if (namespace !== undefined) return { namespace, ...definedOnly({ context }) };
  if (context === undefined) return undefined;
  throw new UsageError("--context needs --namespace", {
    hint: "without it, tools use every context of the kubeconfig",
  });
}
