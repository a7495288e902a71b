/**
 * A command is one declaration: its flags and operands, its help, how its args become options, and
 * what it does. `commands/session/start.ts` is `kodama start`; the short commands of a group are in one
 * file: `up` of `commands/cluster/cluster.ts` is `kodama cluster up`.
 */
import type { Completion, Flags, FlagValues } from "./flag.ts";
import type { Invocation } from "../invocation.ts";

/** An argument that isn't a flag. */
export interface Operand {
  /** Upper case, as in help: `WORKFLOW`. */
  name: string;
  /** How many of it are allowed. */
  arity: "one" | "optional" | "any";
  completion?: Completion;
}

/** What may follow `--`: the args of another command, which kodama itself never reads. */
type Trailing = "none" | "optional" | "required";

/** The texts given for each flag, in order, and the args that aren't flags. */
export interface SortedArgs {
  texts: ReadonlyMap<string, readonly string[]>;
  operands: readonly string[];
}

/** The args of one command line, sorted and with every flag already in its narrow type. */
export interface ParsedArgs<F extends Flags> {
  flags: FlagValues<F>;
  /** Names of the flags that were given on the command line itself. */
  given: ReadonlySet<string>;
  operands: readonly string[];
  /** The args after `--`; undefined if there is no `--`. */
  trailing: readonly string[] | undefined;
  /** The args before `--` as typed, for a hint that repeats them. */
  line: readonly string[];
  /** The command as shown in messages: `kodama exec`, `kpod`. */
  spoken: string;
}

/** The declaration of a command, with the types of its flags and options still known. */
export interface CommandDeclaration<F extends Flags, Options> {
  /** One paragraph or several. Plain text; help wraps it. */
  description: string;
  operands?: readonly Operand[];
  trailing?: Trailing;
  flags: F;
  /** Command lines by what they do: they start with `kodama`, shell quotes are allowed. A test parses every one. */
  examples: Readonly<Record<string, string>>;
  /** Related commands and pages. */
  seeAlso?: readonly string[];
  /** Exit codes besides success and error, each with its meaning. */
  exitCodes?: readonly (readonly [code: string, meaning: string])[];
  /** Sorts args that are another program's: those that aren't flags of this command are its operands. */
  sort?(args: readonly string[]): SortedArgs;
  /** Resolves args into options, once. Pure; throws `UsageError`. */
  resolve(args: ParsedArgs<F>): Options;
  /** Runs the command and returns the exit code of the process. */
  run(options: Options, invocation: Invocation): Promise<number>;
}

/** A command with its flag types erased: what the tree, the parser and help work with. */
export interface Command extends Omit<CommandDeclaration<Flags, unknown>, "resolve" | "run"> {
  /** Resolves the args and returns what will run: usage errors come from the first call alone. */
  prepare(args: ParsedArgs<Flags>): (invocation: Invocation) => Promise<number>;
  /** Returns the options that the args stand for; for tests, and for front ends that don't run. */
  resolve(args: ParsedArgs<Flags>): unknown;
}

/** Checks a declaration's types against each other and makes a {@link Command} of it, which gets `--kubeconfig` bound. */
export function defineCommand<const F extends Flags, Options>(
  declaration: CommandDeclaration<F, Options>,
): Command {
  // The parser fills `flags` from this very declaration, so the wide type is the narrow one here.
  const resolve = (args: ParsedArgs<Flags>) => declaration.resolve(args as ParsedArgs<F>);
  return {
    ...declaration,
    resolve,
    prepare: (args) => {
      const options = resolve(args);
      return (invocation) => declaration.run(options, withKubeconfig(invocation, args.flags));
    },
  };
}

/** Returns an invocation whose hosts read the file of `--kubeconfig`, if it is given. */
export function withKubeconfig(
  invocation: Invocation,
  { kubeconfig }: { readonly kubeconfig?: unknown },
): Invocation {
  if (typeof kubeconfig !== "string") return invocation;
  return { ...invocation, host: (own) => invocation.host({ ...own, kubeconfig }) };
}
