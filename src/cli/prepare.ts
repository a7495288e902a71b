/** From a command line to what will run: every usage error is found here, before anything happens. */
import { choose } from "./choose.ts";
import { BadValue } from "./flag.ts";
import type { Invocation } from "./invocation.ts";
import { speak } from "./program.ts";
import { badValueError, resolveWords } from "./words.ts";

/** What a command line asks for, checked. */
export type Prepared =
  | { kind: "help"; path: readonly string[] }
  | {
    kind: "command";
    path: readonly string[];
    run: (invocation: Invocation) => Promise<number>;
  };

/** Chooses the command, loads it, and resolves its words. Throws `UsageError`. */
export async function prepare(
  argv: readonly string[],
  { program, environment, willDial }: Pick<Invocation, "program" | "environment" | "willDial">,
): Promise<Prepared> {
  const choice = await choose(argv, program);
  const { path } = choice;
  if (choice.kind === "help") return { kind: "help", path };
  if (choice.leaf.dials) willDial();
  const { command } = await choice.leaf.load();
  const spoken = speak(program, ["kodama", ...path].join(" "));
  // A command without words has nothing to sort, and starts without the parser.
  const sorted = choice.words.length === 0
    ? { texts: new Map(), operands: [] }
    : await (await import("./parse.ts")).sortWords(command, choice.words, spoken);
  try {
    const raw = { ...sorted, trailing: choice.trailing };
    const words = resolveWords(command, raw, { environment, spoken });
    return { kind: "command", path, run: command.prepare(words) };
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}
