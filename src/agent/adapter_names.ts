/** The names of the adapters, apart from them: help and completion read these alone. */

/** The first is whom a task is given to where nobody says otherwise. */
export const adapterNames = ["claude", "command"] as const;

/** The name of an adapter. */
export type AdapterName = typeof adapterNames[number];
