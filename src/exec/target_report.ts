import type { OutcomeKind } from "./model.ts";

/** One target of a run as a JSON object; its names are a published contract. */
export interface TargetReport {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  node: string;
  outcome: OutcomeKind;
  exitCode: number | null;
  signal: string | null;
  /** RFC 3339; null for a target that was never begun. */
  startedAt: string | null;
  durationMs: number;
  stdout: string;
  stderr: string;
  /** Output was left out at the limit. */
  truncated: boolean;
  /** Bytes that aren't UTF-8 were replaced by U+FFFD. */
  replaced: boolean;
  error: string | null;
}
