/** The flags of commands that use one context. */
import { text, value } from "./flag.ts";

export const contextFlags = {
  context: value("context of the kubeconfig to use", text, {
    placeholder: "NAME",
    completion: { kind: "contexts" },
  }),
  kubeconfig: value("kubeconfig file to use", text, {
    placeholder: "FILE",
    completion: { kind: "files" },
  }),
};
