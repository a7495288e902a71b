/** The args of a command as one target runs them. */
import type { Target } from "../kube/select/target.ts";

/** Replaces `{pod}` and similar placeholders in an arg by the target's own names; other braces stay unchanged. */
function substituted(word: string, target: Target, index: number): string {
  const values: Readonly<Record<string, string>> = {
    pod: target.pod,
    namespace: target.namespace,
    node: target.node,
    ip: target.ip,
    index: String(index),
  };
  return word.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

/**
 * Returns the args that one target runs. With `shell`, the args are joined by spaces into one line, like ssh; a shell
 * in the image reads it.
 */
export function commandWords(
  command: readonly string[],
  target: Target,
  options: { index: number; shell?: boolean; substitute?: boolean },
): readonly string[] {
  const words = options.substitute === true
    ? command.map((word) => substituted(word, target, options.index))
    : command;
  return options.shell === true ? ["sh", "-c", words.join(" ")] : words;
}
