/** Text that others wrote, before it gets into one of our own. */
import { withoutSteering } from "./steering.ts";

/** A server's sentence is shown, and not its essay. */
const maxText = 1000;

/**
 * Text from a server or a pod, fit for a terminal: one line, no control or escape characters, bounded.
 * Bidirectional overrides go too: they would let a name show as another.
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
