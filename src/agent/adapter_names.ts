/** The names of the adapters, separate from them: help and completion load only these. */

/** The first is the default for a task. */
export const adapterNames = ["claude", "command"] as const;

/** The name of an adapter. */
export type AdapterName = typeof adapterNames[number];
