/** The names of the adapters, apart from them: help and completion read these alone. */

/** The first is the default for a task. */
export const adapterNames = ["claude", "command"] as const;

/** The name of an adapter. */
export type AdapterName = typeof adapterNames[number];
