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
  | { kind: "words"; args: readonly Suggestion[] }
  | { kind: "value"; completion: Completion; command: Command; args: readonly string[] }
  /** The args of another program, or a path: the shell completes these better. */
  | { kind: "files" }
  | { kind: "nothing" };

/** Prints the candidates for the last of `args`. Never fails: a shell that waits for an answer gets one. */
export async function complete(args: readonly string[], invocation: Invocation): Promise<number> {
  const { stdout } = invocation.terminal;
  const partial = args.at(-1) ?? "";
  const { head, rest } = splitValue(partial);
  const wanted = await whatIsWanted([...args.slice(0, -1), ...head], rest, invocation);
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
      ? { kind: "words", args: summaries(node.commands) }
      : { kind: "nothing" };
  }
  const { node, args } = descend(typed);
  if (node === undefined) return { kind: "nothing" };
  if (node.kind === "branch") {
    if (partial.startsWith("-")) return { kind: "words", args: [helpFlag] };
    return { kind: "words", args: summaries(node.commands) };
  }
  const { command } = await node.load();
  return wantedOf(command, args, partial);
}

/** Follows the args into the tree; the first that isn't a command's name starts the command's own args. */
function descend(typed: readonly string[]): { node: CommandNode | undefined; args: string[] } {
  let node: CommandNode | undefined = tree;
  const args: string[] = [];
  for (let at = 0; at < typed.length; at++) {
    const arg = typed[at] ?? "";
    if (node?.kind === "branch" && !arg.startsWith("-")) {
      node = Object.hasOwn(node.commands, arg) ? node.commands[arg] : undefined;
    } else if (node?.kind === "branch" && leadingValueFlags.includes(arg)) {
      args.push(arg, ...typed.slice(at + 1, at + 2));
      at++;
    } else {
      args.push(arg);
    }
  }
  return { node, args };
}

/** Returns what may follow `args` of a command. Pure. */
function wantedOf(command: Command, args: readonly string[], partial: string): CompletionTarget {
  const { operands, awaiting } = sortLoosely(command.flags, args);
  if (awaiting !== undefined) {
    const completion = command.flags[awaiting]?.completion;
    return completion === undefined
      ? { kind: "nothing" }
      : { kind: "value", completion, command, args };
  }
  if (partial.startsWith("-")) {
    return { kind: "words", args: [...flagOffers(command.flags, args), helpFlag] };
  }
  // Neither pods nor workflows are named like a path.
  if (/^(?:\.{1,2}|~)?\//.test(partial)) return { kind: "files" };
  const declared = command.operands ?? [];
  const last = declared.at(-1);
  const operand = declared[operands] ?? (last?.arity === "any" ? last : undefined);
  if (operand?.completion === undefined) return { kind: "nothing" };
  return { kind: "value", completion: operand.completion, command, args };
}

/** Returns the number of operands, and the flag at the end that still needs its value. */
function sortLoosely(
  flags: Flags,
  args: readonly string[],
): { operands: number; awaiting: string | undefined } {
  let operands = 0;
  let awaiting: string | undefined;
  for (const arg of args) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (arg.startsWith("-") && arg.length > 1) {
      awaiting = flagAwaiting(flags, arg);
    } else {
      operands++;
    }
  }
  return { operands, awaiting };
}

const helpFlag: Suggestion = { value: "--help", summary: "explain the command" };

function flagOffers(flags: Flags, args: readonly string[]): Suggestion[] {
  const given = (name: string, flag: Flag<unknown>) =>
    args.some((arg) => arg === `--${name}` || arg === `-${flag.short}`);
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
      return wanted.args;
    case "value": {
      const named = wanted.completion.kind === "pods" ? new Set(wanted.args) : new Set();
      const offers = await completeValues(wanted, partial, invocation);
      return offers.filter(({ value }) => !named.has(value));
    }
    case "files":
    case "nothing":
      return [];
  }
}
