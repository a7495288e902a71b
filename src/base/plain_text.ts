/** Text of foreign origin, before it is inserted into our own. */
import { withoutSteering } from "./steering.ts";

/** Limits a server's message to a readable length. */
const maxText = 1000;

/**
 * Returns text from a server or a pod, safe for a terminal: one line, no control or escape characters, bounded.
 * Bidirectional overrides are removed too: they would let a name show as another.
 */
export function plainText(text: string, limit = maxText): string {
  const shortened = text
    .slice(0, 4 * limit)
    // deno-lint-ignore no-control-regex -- taking control characters out is the purpose
    .replace(/\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.?)/g, "")
    // deno-lint-ignore no-control-regex -- as above
    .replace(/[\x00-\x1f]+/g, " ");
  const line = withoutSteering(shortened).trim();
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
