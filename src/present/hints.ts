/** Advice in the words of the command line: an option as `--env-file`, an action as the command with its args. */
import { commandLine } from "../base/shell_quote.ts";
import { type ActionRef, type Hint, hintText, type OptionRef } from "../base/hint.ts";

/** Input that a command takes as operands, in front of its flags. */
const operands: ReadonlySet<string> = new Set(
  "name id key value pod source target ports prompt local remote path".split(" "),
);

/** Input that is a command of its own, after `--`. */
const trailing = "args";

/** Flags that are known by their letter, as in kubectl. */
const letters: Readonly<Record<string, string>> = {
  allNamespaces: "A",
  container: "c",
  follow: "f",
  match: "m",
  namespace: "n",
  namespaces: "n",
  selector: "l",
  stdin: "i",
  tty: "t",
};

/** Returns advice in the words of the command line. */
export function commandHint(advice: Hint): string {
  return hintText(advice, (ref) => ref.kind === "option" ? optionWords(ref) : actionWords(ref));
}

function optionWords({ name, value }: OptionRef): string {
  const letter = letters[name];
  const flag = letter === undefined
    ? `--${name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`
    : `-${letter}`;
  return value === undefined ? flag : `${flag} ${quoted(value)}`;
}

function actionWords({ name, input }: ActionRef): string {
  const words = Object.entries(input).map(([field, value]) => {
    if (value === true) return optionWords({ kind: "option", name: field });
    if (field === trailing) return `-- ${value}`;
    return operands.has(field)
      ? quoted(value)
      : optionWords({ kind: "option", name: field, value });
  });
  return ["kodama", ...name.split("."), ...words].join(" ");
}

/** A value as it can be pasted into a shell. */
function quoted(value: string): string {
  return /[\s"'`$\\&|;<>()*?#~!]/.test(value) ? commandLine([value]) : value;
}
