/** The flags that choose a kubeconfig, a context and a namespace: each command describes what it does in them. */
import { text, value } from "./flag.ts";

/** Options of a flag whose value is a namespace. */
export const namespaceValue = {
  short: "n",
  placeholder: "NAME",
  completion: { kind: "namespaces" },
} as const;

/** Options of a flag whose value is a context. */
export const contextValue = { placeholder: "NAME", completion: { kind: "contexts" } } as const;

/** `--kubeconfig`. */
export const kubeconfigFlag = value("kubeconfig file to use instead of $KUBECONFIG", text, {
  placeholder: "FILE",
  completion: { kind: "files" },
});

/** The flags of commands that use one context. */
export const contextFlags = {
  context: value("kubeconfig context to use", text, contextValue),
  kubeconfig: kubeconfigFlag,
};
