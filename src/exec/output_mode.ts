/**
 * How a run's output is put together before a face sees it:
 *
 * - `prefix`: whole lines as they come
 * - `group`: each target's output in one piece as it ends
 * - `fold`: identical outputs once, at the end
 * - `raw`: bytes as they come
 * - `report`: each target's whole report as it ends, for JSON
 * - `none`: outcomes alone
 */
export type OutputMode = "prefix" | "group" | "fold" | "raw" | "report" | "none";

/** The modes that a person can ask for by name; `report` is what machine output is made of. */
export const outputModes = ["prefix", "group", "fold", "raw", "none"] as const;
