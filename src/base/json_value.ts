/** Data as JSON has it: what flows between the steps of a workflow, and in and out of its scripts. */

/** Null, a boolean, a number, a text, a list, or a mapping with texts as keys. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
