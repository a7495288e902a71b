/**
 * The vocabulary in which a command declares its flags: each flag has its name, its help and how its
 * text becomes a narrow type. Parsing, help, completion and the reference all read the same declaration.
 */
import { definedOnly } from "../../base/json_value.ts";
import { parseDuration } from "../../base/duration.ts";

/** Candidates for a value that the shell may offer. The dynamic kinds are looked up at the time of completion. */
export type Completion =
  | { kind: "values"; values: readonly Suggestion[] }
  | { kind: "contexts" | "namespaces" | "pods" | "workflows" | "configKeys" | "runs" | "syncs" }
  | { kind: "containers" | "nodes" | "labels" | "params" | "configValues" | "models" }
  | { kind: "sessions" | "templates" }
  /** Names of sessions in the cluster; or a file instead. */
  | { kind: "snapshots"; orFile: boolean }
  | { kind: "files" };

/** One candidate: the value, and a short description. */
export interface Suggestion {
  value: string;
  summary?: string;
}

/** A flag whose occurrences on the command line become a `T`. */
export interface Flag<T> {
  /** A switch stands alone (`--tty`, `--tty=false`); a value flag takes the next argument or what follows `=`. */
  readonly takesValue: boolean;
  /** May be given several times, each adding to the last. */
  readonly repeatable: boolean;
  /** One letter, without the dash. */
  readonly short?: string;
  /** The value's name in help: `NAME`, `DURATION`. */
  readonly placeholder?: string;
  /** One line for help: lower case, no full stop. */
  readonly summary: string;
  /** The heading in help under which it is listed. */
  readonly group: string;
  /** The default if neither the flag nor its variable is given, as shown in help. */
  readonly defaultText?: string;
  /** The environment variable that is read if the flag isn't given. */
  readonly variable?: string;
  readonly completion?: Completion;
  /** A synonym from another tool: accepted, but neither in help nor offered by the shell. */
  readonly hidden?: true;
  /** The value names a file, or is `-`: `resolve` gets its content, in the form of `joinContents`. */
  readonly readsFile?: true;
  /**
   * Resolves all occurrences, in order, into the value; the list is empty if the flag isn't given.
   * Throws {@link BadValue}.
   */
  readonly resolve: (texts: readonly string[]) => T;
}

/** The flags of a command, by their long names without dashes. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What a command's flags resolve to, by the same names. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never;
};

/** Suggestions for a bad value. */
interface BadValueOptions {
  /** The way out, as a sentence. */
  hint?: string;
  /** The allowed values: the nearest one is suggested, in front of the hint. */
  candidates?: readonly string[];
  /** The part of the text that should have been one of them; all of it by default. */
  part?: string;
}

/** A text that can't be parsed into the requested type. */
export class BadValue extends Error {
  override readonly name = "BadValue";

  /** `message` completes "invalid value … for --flag:"; `source` is what the text was given for. */
  constructor(
    readonly text: string,
    message: string,
    readonly options: BadValueOptions = {},
    readonly source?: string,
  ) {
    super(message);
  }

  /** Returns the same error for a flag, an operand or a variable. */
  of(source: string): BadValue {
    return new BadValue(this.text, this.message, this.options, source);
  }
}

/** What every flag may declare. */
export interface FlagOptions {
  short?: string;
  placeholder?: string;
  group?: string;
  variable?: string;
  completion?: Completion;
  hidden?: true;
}

function described(
  { group = "Flags", short, placeholder, variable, completion, hidden }: FlagOptions,
) {
  return { group, ...definedOnly({ short, placeholder, variable, completion, hidden }) };
}

function withValue(summary: string, options: FlagOptions) {
  return { placeholder: "TEXT", ...described(options), takesValue: true, summary };
}

/** A switch: off unless given. */
export function toggle(summary: string, options: FlagOptions = {}): Flag<boolean> {
  return {
    ...described(options),
    takesValue: false,
    repeatable: false,
    summary,
    resolve: (texts) => {
      const text = texts.at(-1);
      return text === undefined ? false : booleanOf(text);
    },
  };
}

/** A flag with one value; of several the last one counts, as in kubectl. Undefined if it isn't given. */
export function value<T>(
  summary: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<T | undefined> {
  return {
    ...withValue(summary, options),
    repeatable: false,
    resolve: (texts) => {
      const text = texts.at(-1);
      return text === undefined ? undefined : parse(text);
    },
  };
}

/** A flag with one value and a default, which is itself a text of the flag's kind. */
export function valueOr<T>(
  summary: string,
  parse: (text: string) => T,
  defaultText: string,
  options: FlagOptions = {},
): Flag<T> {
  return {
    ...withValue(summary, options),
    repeatable: false,
    defaultText,
    resolve: (texts) => parse(texts.at(-1) ?? defaultText),
  };
}

/** A flag that can be repeated: every value, in order. */
export function values<T>(
  summary: string,
  parse: (text: string) => T,
  options: FlagOptions = {},
): Flag<readonly T[]> {
  return {
    ...withValue(summary, options),
    repeatable: true,
    resolve: (texts) => texts.map(parse),
  };
}

/** The content of a file, for the flag that named it. */
export interface FileContents {
  /** The name as given; `-` is standard input. */
  name: string;
  text: string;
}

/** A flag with the name of a file, which is read before it is resolved. Undefined if it isn't given. */
export function fileValue<T>(
  summary: string,
  parse: (contents: FileContents) => T,
  options: FlagOptions = {},
): Flag<T | undefined> {
  const read = (joined: string) => parse(JSON.parse(joined) as FileContents);
  const completion: Completion = { kind: "files" };
  return {
    ...value(summary, read, { placeholder: "FILE", completion, ...options }),
    readsFile: true,
  };
}

/** The input to `resolve` of a {@link fileValue}. */
export function joinContents(contents: FileContents): string {
  return JSON.stringify(contents);
}

/** One of a few keywords. An empty text is refused like any unknown keyword. */
export function choice<const Word extends string>(
  args: readonly Word[],
): { parse: (text: string) => Word; completion: Completion; placeholder: string } {
  return {
    parse: (text) => {
      const arg = args.find((candidate) => candidate === text);
      if (arg === undefined) {
        const allowed = args.length === 1
          ? `must be ${args[0]}`
          : `must be one of ${args.join(", ")}`;
        throw new BadValue(text, allowed, { candidates: args });
      }
      return arg;
    },
    completion: { kind: "values", values: args.map((value) => ({ value })) },
    placeholder: args.join("|"),
  };
}

/** Any text but the empty one, which is nearly always an unset variable of a script. */
export function text(raw: string): string {
  if (raw === "") throw new BadValue(raw, "it is empty");
  return raw;
}

/** Milliseconds, from 1 up to 24 days. Throws {@link BadValue}. */
export function durationMs(raw: string): number {
  const ms = parseDuration(raw);
  if (ms !== undefined) return ms;
  throw new BadValue(raw, "it is not a duration", {
    hint: "durations look like 15s, 2m or 1h30m",
  });
}

/** A whole number from 1. */
export function count(raw: string): number {
  const number = Number(raw);
  if (!/^\d+$/.test(raw) || !Number.isSafeInteger(number) || number < 1) {
    throw new BadValue(raw, "must be a whole number, 1 or more");
  }
  return number;
}

/** Parses `true` and `false` like Go's flag packages. https://pkg.go.dev/strconv#ParseBool */
function booleanOf(raw: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(raw)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(raw)) return false;
  throw new BadValue(raw, "must be true or false");
}
