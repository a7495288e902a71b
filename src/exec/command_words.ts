/** The words of a command as one target runs them. */
import type { Target } from "../kube/target.ts";

/** `{pod}` and its like in a word stand for the target's own; other braces stay as they are. */
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
 * What one target runs. With `shell`, the words are joined by spaces into one line, as ssh does; a shell
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
