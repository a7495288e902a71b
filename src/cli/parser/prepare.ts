/** From args to a prepared command: every usage error is found here, before anything happens. */
import { choose } from "./choose.ts";
import { BadValue, type Flags, joinContents } from "./flag.ts";
import type { Invocation } from "../invocation.ts";
import { speak } from "../program.ts";
import { badValueError, resolveWords } from "./parsed_args.ts";

/** A checked command line. */
export type Prepared =
  | { kind: "help"; path: readonly string[]; brief: boolean }
  | {
    kind: "command";
    path: readonly string[];
    run: (invocation: Invocation) => Promise<number>;
  };

/** What preparation needs: files and standard input are read only if a flag names them. */
export type Preparation = Pick<
  Invocation,
  "program" | "environment" | "willDial" | "host" | "terminal"
>;

/** Chooses the command, loads it, and resolves its args. Throws `UsageError`. */
export async function prepare(
  argv: readonly string[],
  { program, environment, willDial, ...reading }: Preparation,
): Promise<Prepared> {
  const choice = await choose(argv, program);
  const { path } = choice;
  if (choice.kind === "help") return { kind: "help", path, brief: choice.brief };
  if (choice.leaf.dials) willDial();
  const { command } = await choice.leaf.load();
  const spoken = speak(program, ["kodama", ...path].join(" "));
  // A command without args has nothing to sort, and starts without the parser.
  const sorted = choice.words.length === 0
    ? { texts: new Map(), operands: [] }
    : await (await import("./parse.ts")).sortWords(command, choice.words, spoken, path.join(" "));
  try {
    const texts = await withContents(command.flags, sorted.texts, reading);
    const raw = { ...sorted, texts, trailing: choice.trailing, line: choice.words };
    const words = resolveWords(command, raw, { environment, spoken });
    return { kind: "command", path, run: command.prepare(words) };
  } catch (error) {
    throw error instanceof BadValue ? await badValueError(error) : error;
  }
}

/** Replaces the file names given to flags by the content of the files. */
async function withContents(
  flags: Flags,
  texts: ReadonlyMap<string, readonly string[]>,
  reading: Pick<Invocation, "host" | "terminal">,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const reads = [...texts].filter(([name]) => flags[name]?.readsFile === true);
  if (reads.length === 0) return texts;
  const { contentsOf } = await import("./flag_contents.ts");
  const all = new Map(texts);
  for (const [flag, given] of reads) {
    const name = given.at(-1) ?? "";
    if (name === "") throw new BadValue(name, "it is empty").of(`--${flag}`);
    all.set(flag, [joinContents({ name, text: await contentsOf(name, reading) })]);
  }
  return all;
}
