import { toggle, value } from "../../parser/flag.ts";

/** What a server may do and reach: flags of the server itself, and of the entry that starts it. */
export const serverFlags = {
  "allow-changes": toggle("offer what changes something, and ask before each change"),
  kubeconfig: value("kubeconfig file to use", (text) => text, {
    placeholder: "FILE",
    completion: { kind: "files" },
  }),
};
