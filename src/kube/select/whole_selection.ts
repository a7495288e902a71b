import type { Selection } from "./target.ts";

/** Every running pod of the context's own namespace: the default if nothing narrows it. */
export const wholeSelection: Selection = {
  namespaces: { kind: "default" },
  operands: [],
  match: [],
  exclude: [],
  sort: "name",
  shuffle: false,
  allPhases: false,
};
