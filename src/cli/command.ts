/**
 * A command is one declaration: its flags and operands, its help, how its words become options, and
 * what it does. The path of its file is the command: `commands/cluster/up.ts` is `kodama cluster up`.
 */
import type { Completion, Flags, FlagValues } from "./flag.ts";
import type { Invocation } from "./invocation.ts";

/** A word that isn't a flag. */
export interface Operand {
  /** Upper case, as help writes it: `WORKFLOW`. */
  name: string;
  /** How many of it there may be. */
  arity: "one" | "optional" | "any";
  completion?: Completion;
}

/** What may follow `--`: the words of a command that kodama itself never reads. */
export type Trailing = "none" | "optional" | "required";

/** A command line that help shows. Every one is parsed by a test. */
export interface Example {
  /** What it does, as a person would say it. */
  title: string;
  /** Begins with `kodama`; shell quotes are allowed. */
  line: string;
}

/** The words of one command line, sorted and with every flag already in its narrow type. */
export interface Words<F extends Flags> {
  flags: FlagValues<F>;
  /** Names of the flags that were given on the command line itself. */
  given: ReadonlySet<string>;
  operands: readonly string[];
  /** The words after `--`; undefined where there is no `--`. */
  trailing: readonly string[] | undefined;
  /** The words before `--` as they were typed, for a hint that repeats them. */
  line: readonly string[];
  /** The command as messages name it: `kodama exec`, `kpod`. */
  spoken: string;
}

/** The declaration of a command, with the types of its flags and options still known. */
export interface CommandDeclaration<F extends Flags, Options> {
  /** One paragraph, or several. Plain text; help wraps it. */
  description: string;
  operands?: readonly Operand[];
  trailing?: Trailing;
  flags: F;
  examples: readonly Example[];
  /** Commands and pages to read next. */
  seeAlso?: readonly string[];
  /** Exit codes that mean more than success and error, each with its meaning. */
  exitCodes?: readonly (readonly [code: string, meaning: string])[];
  /** Words become options, once. Pure; throws `UsageError`. */
  resolve(words: Words<F>): Options;
  /** Does it, and answers with the exit code of the process. */
  run(options: Options, invocation: Invocation): Promise<number>;
}

/** A command whose flag types are forgotten: what the tree, the parser and help work with. */
export interface Command extends Omit<CommandDeclaration<Flags, unknown>, "resolve" | "run"> {
  /** Resolves the words and gives what will run: usage errors come from the first call alone. */
  prepare(words: Words<Flags>): (invocation: Invocation) => Promise<number>;
  /** The options that the words stand for; for tests, and for faces that don't run. */
  resolve(words: Words<Flags>): unknown;
}

/** Checks a declaration's types against each other and makes a {@link Command} of it. */
export function defineCommand<const F extends Flags, Options>(
  declaration: CommandDeclaration<F, Options>,
): Command {
  // The parser fills `flags` from this very declaration, so the wide type is the narrow one here.
  const resolve = (words: Words<Flags>) => declaration.resolve(words as Words<F>);
  return {
    ...declaration,
    resolve,
    prepare: (words) => {
      const options = resolve(words);
      return (invocation) => declaration.run(options, invocation);
    },
  };
}
