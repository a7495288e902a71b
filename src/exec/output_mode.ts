/**
 * How a run's output is assembled for a front end:
 *
 * - `prefix`: complete lines as they arrive
 * - `group`: each target's output in one piece as it ends
 * - `fold`: identical outputs once, at the end
 * - `raw`: bytes as they arrive
 * - `report`: each target's complete report as it ends, for JSON
 * - `none`: outcomes only
 */
export type OutputMode = "prefix" | "group" | "fold" | "raw" | "report" | "none";

/** The modes that a user can select by name; `report` is the basis of machine output. */
export const outputModes = ["prefix", "group", "fold", "raw", "none"] as const;
