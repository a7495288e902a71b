/** Finds the command that the args name. Nothing is loaded here. */
import { UsageError } from "../../base/errors.ts";
import { type Program, speak } from "../program.ts";
import type { CommandLeaf, CommandNode } from "./node.ts";
import { leadingValueFlags, tree } from "../tree.ts";
import { isFlag } from "./parse.ts";
import { unknownCommand } from "./unknown_command.ts";

/** What a command line requests. */
export type Choice =
  | {
    kind: "command";
    path: readonly string[];
    leaf: CommandLeaf;
    /** Flags and operands: all args up to `--` except the command's own name. */
    args: readonly string[];
    /** The args after `--`; undefined if there is no `--`. */
    trailing: readonly string[] | undefined;
  }
  /** `brief`: usage, examples and the main flags. */
  | { kind: "help"; path: readonly string[]; node: CommandNode; brief: boolean };

/**
 * Finds the command. Flags may come before it as well as after; `--` ends kodama's args; `--help`
 * anywhere requests help, `-h` a short one. Throws `UsageError` for a command that doesn't exist.
 */
export async function choose(argv: readonly string[], program: Program): Promise<Choice> {
  const all = [...program.prefix, ...argv];
  const dashes = all.indexOf("--");
  const ours = dashes < 0 ? all : all.slice(0, dashes);
  const trailing = dashes < 0 ? undefined : all.slice(dashes + 1);
  const found = await walk(ours, program);
  const { path, node, args } = found;
  if (node.kind === "leaf" && node.passesArgs) {
    const [first = "--help"] = args;
    if (first === "--help" || first === "-h") {
      return { kind: "help", path, node, brief: first === "-h" };
    }
    const passed = dashes < 0 ? args : [...args, ...all.slice(dashes)];
    return { kind: "command", path, leaf: node, args: passed, trailing: undefined };
  }
  const whole = args.includes("--help");
  if (whole || args.includes("-h")) return { kind: "help", path, node, brief: !whole };
  if (node.kind === "leaf") return { kind: "command", path, leaf: node, args, trailing };
  if (path.length === 0 && args.length === 1 && args[0] === "--version") {
    return { kind: "command", path: ["version"], leaf: versionLeaf(), args: [], trailing };
  }
  if (args.length === 0 && trailing === undefined) {
    return { kind: "help", path, node, brief: false };
  }
  throw new UsageError(`no command in these args: ${argv.join(" ")}`, {
    hint: `see ${speak(program, ["kodama", ...path, "--help"].join(" "))}`,
  });
}

async function walk(
  ours: readonly string[],
  program: Program,
): Promise<{ path: string[]; node: CommandNode; args: string[] }> {
  const path: string[] = [];
  const args: string[] = [];
  let node: CommandNode = tree;
  let hasOperand = false;
  for (let at = 0; at < ours.length; at++) {
    const arg = ours[at] ?? "";
    const below: CommandLeaf["commands"] = node.kind === "leaf" && !hasOperand
      ? node.commands
      : undefined;
    if (below !== undefined && Object.hasOwn(below, arg)) {
      node = below[arg] ?? node;
      path.push(arg);
      continue;
    }
    if (node.kind === "leaf" || isFlag(arg)) {
      args.push(arg);
      hasOperand ||= !isFlag(arg);
      const following = ours[at + 1];
      if (
        (node.kind === "branch" || below !== undefined) && leadingValueFlags.includes(arg) &&
        following !== undefined
      ) {
        args.push(following);
        at++;
      }
      continue;
    }
    const child: CommandNode | undefined = Object.hasOwn(node.commands, arg)
      ? node.commands[arg]
      : undefined;
    if (child === undefined) {
      throw await unknownCommand(arg, path, Object.keys(node.commands), program);
    }
    const synonym: readonly string[] | undefined = child.kind === "leaf"
      ? child.synonymOf
      : undefined;
    if (synonym === undefined) path.push(arg);
    else path.splice(0, path.length, ...synonym);
    node = child;
  }
  return { path, node, args };
}

function versionLeaf(): CommandLeaf {
  const leaf = tree.commands["version"];
  if (leaf?.kind !== "leaf") throw new Error("the tree has no command `version`");
  return leaf;
}
