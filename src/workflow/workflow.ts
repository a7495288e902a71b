/** A workflow as written, with every text converted to its narrow type. */
import type { OutputMode } from "../exec/run_options.ts";
import type { Selection } from "../kube/select/target.ts";

/** The command: args as they are, or a line for the image's shell. */
export type WorkflowCommand =
  | { kind: "args"; args: readonly string[] }
  | { kind: "line"; line: string };

/** Bounds of a run, if they are set. Times are milliseconds. */
export interface RunBounds {
  fanout?: number;
  connectTimeoutMs?: number;
  timeoutMs?: number;
  outputMode?: OutputMode;
}

/** One command for the pods of one selection: the short form of a workflow file. */
export interface Workflow {
  /** The file's name without its extension. */
  name: string;
  path: string;
  description?: string;
  /** Empty for the current one. */
  contexts: readonly string[];
  selection: Pick<Selection, "namespaces" | "match" | "exclude" | "labelSelector" | "container">;
  command: WorkflowCommand;
  bounds: RunBounds;
}
