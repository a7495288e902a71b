/**
 * `kodama __complete WORD…`: completes the last argument. It prints the protocol of
 * Cobra's programs, so that kubectl's plugin completion understands it: a candidate and its description on
 * each line, and after them a colon with a number that gives the shell further directives.
 * https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
 */
import type { Command } from "./command.ts";
import { completeValues } from "./complete_values.ts";
import type { Completion, Flag, Flags, Suggestion } from "./flag.ts";
import { success } from "../exit_codes.ts";
import type { Invocation } from "../invocation.ts";
import { flagAwaiting } from "./parse.ts";
import { type CommandNode, nodeAt } from "./node.ts";
import { leadingValueFlags, tree } from "../tree.ts";

/** What the shell does besides offering the candidates; Cobra's numbers. */
const directives = { files: 0, noSpace: 2, noFiles: 4 } as const;

/** What is to be completed. */
export type CompletionTarget =
  | { kind: "words"; words: readonly Suggestion[] }
  | { kind: "value"; completion: Completion; command: Command; words: readonly string[] }
  /** The args of another program, or a path: the shell completes these better. */
  | { kind: "files" }
  | { kind: "nothing" };

/** Prints the candidates for the last of `words`. Never fails: a shell that waits for an answer gets one. */
export async function complete(words: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout } = invocation.terminal;
  const partial = words.at(-1) ?? "";
  const { head, rest } = splitValue(partial);
  const wanted = await whatIsWanted([...words.slice(0, -1), ...head], rest, invocation);
  const offers = await offersFor(wanted, rest, invocation);
  const lines = offers
    .filter(({ value }) => value.startsWith(rest))
    .map(({ value, summary }) => summary === undefined ? value : `${value}\t${summary}`);
  const files = wanted.kind === "files" ||
    (wanted.kind === "value" && takesFiles(wanted.completion));
  // The value directly follows a candidate that ends in an equals sign.
  const noSpace = offers.some(({ value }) => value.endsWith("="));
  const directive = files
    ? directives.files
    : directives.noFiles + (noSpace ? directives.noSpace : 0);
  await stdout.write([...lines, `:${directive}`, ""].join("\n"));
  return success;
}

/** A shell offers files beside names, or if no name fits. */
function takesFiles(completion: Completion): boolean {
  return completion.kind === "files" || (completion.kind === "snapshots" && completion.orFile);
}

/** `--output=js` is `--output` and then `js`: shells replace only the part after the equals sign. */
function splitValue(partial: string): { head: string[]; rest: string } {
  const match = /^(--[^=]+)=(.*)$/s.exec(partial);
  return match === null
    ? { head: [], rest: partial }
    : { head: [match[1] ?? ""], rest: match[2] ?? "" };
}

/** Returns the candidates after `before`, given the typed prefix `partial`. */
async function whatIsWanted(
  before: readonly string[],
  partial: string,
  { program }: Invocation,
): Promise<CompletionTarget> {
  const typed = [...program.prefix, ...before];
  if (typed.includes("--")) return { kind: "files" };
  if (typed[0] === "help") {
    const node = nodeAt(tree, typed.slice(1));
    return node?.kind === "branch"
      ? { kind: "words", words: summaries(node.commands) }
      : { kind: "nothing" };
  }
  const { node, words } = descend(typed);
  if (node === undefined) return { kind: "nothing" };
  if (node.kind === "branch") {
    if (partial.startsWith("-")) return { kind: "words", words: [helpFlag] };
    return { kind: "words", words: summaries(node.commands) };
  }
  const { command } = await node.load();
  return wantedOf(command, words, partial);
}

/** Follows the args into the tree; the first that isn't a command's name starts the command's own args. */
function descend(typed: readonly string[]): { node: CommandNode | undefined; words: string[] } {
  let node: CommandNode | undefined = tree;
  const words: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const word = typed[at] ?? "";
    if (node?.kind === "branch" && !word.startsWith("-")) {
      node = Object.hasOwn(node.commands, word) ? node.commands[word] : undefined;
    } else if (node?.kind === "branch" && leadingValueFlags.includes(word)) {
      words.push(word, ...typed.slice(at + 1, at + 2));
      at++;
    } else {
      words.push(word);
    }
  }
  return { node, words };
}

/** Returns what may follow `words` of a command. Pure. */
function wantedOf(command: Command, words: readonly string[], partial: string): CompletionTarget {
  const { operands, awaiting } = sortLoosely(command.flags, words);
  if (awaiting !== undefined) {
    const completion = command.flags[awaiting]?.completion;
    return completion === undefined
      ? { kind: "nothing" }
      : { kind: "value", completion, command, words };
  }
  if (partial.startsWith("-")) {
    return { kind: "words", words: [...flagOffers(command.flags, words), helpFlag] };
  }
  // Neither pods nor workflows are named like a path.
  if (/^(?:\.{1,2}|~)?\//.test(partial)) return { kind: "files" };
  const declared = command.operands ?? [];
  const last = declared.at(-1);
  const operand = declared[operands] ?? (last?.arity === "any" ? last : undefined);
  if (operand?.completion === undefined) return { kind: "nothing" };
  return { kind: "value", completion: operand.completion, command, words };
}

/** Returns the number of operands, and the flag at the end that still needs its value. */
function sortLoosely(
  flags: Flags,
  words: readonly string[],
): { operands: number; awaiting: string | undefined } {
  let operands = 0;
  let awaiting: string | undefined;
  for (const word of words) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (word.startsWith("-") && word.length > 1) {
      awaiting = flagAwaiting(flags, word);
    } else {
      operands++;
    }
  }
  return { operands, awaiting };
}

const helpFlag: Suggestion = { value: "--help", summary: "explain the command" };

function flagOffers(flags: Flags, words: readonly string[]): Suggestion[] {
  const given = (name: string, flag: Flag<unknown>) =>
    words.some((word) => word === `--${name}` || word === `-${flag.short}`);
  return Object.entries(flags)
    .filter(([name, flag]) => !flag.hidden && (flag.repeatable || !given(name, flag)))
    .map(([name, { summary }]) => ({ value: `--${name}`, summary }));
}

function summaries(commands: Readonly<Record<string, CommandNode>>): Suggestion[] {
  return Object.entries(commands).map(([value, { summary }]) => ({ value, summary }));
}

async function offersFor(
  wanted: CompletionTarget,
  partial: string,
  invocation: Invocation,
): Promise<readonly Suggestion[]> {
  switch (wanted.kind) {
    case "words":
      return wanted.words;
    case "value": {
      const named = wanted.completion.kind === "pods" ? new Set(wanted.words) : new Set();
      const offers = await completeValues(wanted, partial, invocation);
      return offers.filter(({ value }) => !named.has(value));
    }
    case "files":
    case "nothing":
      return [];
  }
}
