import type { Selection } from "./target.ts";

/** Every running pod of the context's own namespace: what is meant where nothing narrows it. */
export const wholeSelection: Selection = {
  namespaces: { kind: "default" },
  operands: [],
  match: [],
  exclude: [],
  sort: "name",
  shuffle: false,
  allPhases: false,
};
