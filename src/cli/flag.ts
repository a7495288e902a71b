/**
 * The vocabulary in which a command declares its flags: each flag knows its name, its help and how its
 * text becomes a narrow type. Parsing, help, completion and the reference all read the same declaration.
 */
import { definedOnly } from "../base/defined_only.ts";
import { parseDuration } from "../base/duration.ts";

/** What the shell may offer for a value. The dynamic kinds are asked of the machine at the moment of completion. */
export type Completion =
  | { kind: "values"; values: readonly Suggestion[] }
  | { kind: "contexts" | "namespaces" | "pods" | "workflows" | "configKeys" | "runs" | "syncs" }
  | { kind: "containers" | "nodes" | "labels" | "params" | "configValues" }
  | { kind: "sessions" | "templates" }
  /** Of sessions, in the cluster; or a file in their place. */
  | { kind: "snapshots"; orFile: boolean }
  | { kind: "files" };

/** One offer: the word, and a few words about it. */
export interface Suggestion {
  value: string;
  summary?: string;
}

/** A flag whose occurrences on the command line become a `T`. */
export interface Flag<T> {
  /** A switch stands alone (`--tty`, `--tty=false`); a value flag takes the next word or what follows `=`. */
  readonly takesValue: boolean;
  /** May be given several times, each adding to the last. */
  readonly repeatable: boolean;
  /** One letter, without the dash. */
  readonly short?: string;
  /** What the value is called in help: `NAME`, `DURATION`. */
  readonly placeholder?: string;
  /** One line for help: lower case, no full stop. */
  readonly summary: string;
  /** The heading of help under which it stands. */
  readonly group: string;
  /** What holds when neither the flag nor its variable is given, as help says it. */
  readonly defaultText?: string;
  /** The environment variable that stands in for the flag when it isn't given. */
  readonly variable?: string;
  readonly completion?: Completion;
  /** A synonym that another tool has: taken, and neither in help nor offered by the shell. */
  readonly hidden?: true;
  /** The value names a file, or is `-`: `resolve` gets what is in it, as `joinContents` puts it. */
  readonly readsFile?: true;
  /**
   * Turns every occurrence, in order, into the value; none where the flag isn't given.
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

/** What would be right in place of a bad value. */
export interface BadValueOptions {
  /** The way out, as a sentence. */
  hint?: string;
  /** The words that are allowed: the nearest one is offered, in front of the hint. */
  candidates?: readonly string[];
  /** The part of the text that should have been one of them; all of it unless it is said. */
  part?: string;
}

/** A text that can't be turned into the type that is wanted of it. */
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

  /** The same, said of a flag, an operand or a variable. */
  of(source: string): BadValue {
    return new BadValue(this.text, this.message, this.options, source);
  }
}

/** What every flag may say about itself. */
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

/** A flag with one value; of several the last one counts, as with kubectl. Undefined where it isn't given. */
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

/** A flag that can be given again and again: every value, in order. */
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

/** What is in a file, for the flag that named it. */
export interface FileContents {
  /** As it was given; `-` is standard input. */
  name: string;
  text: string;
}

/** A flag with the name of a file, which is read before it is resolved. Undefined where it isn't given. */
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

/** What `resolve` of a {@link fileValue} gets. */
export function joinContents(contents: FileContents): string {
  return JSON.stringify(contents);
}

/** One of a few words. An empty text is refused as any other unknown word is. */
export function choice<const Word extends string>(
  words: readonly Word[],
): { parse: (text: string) => Word; completion: Completion; placeholder: string } {
  return {
    parse: (text) => {
      const word = words.find((candidate) => candidate === text);
      if (word === undefined) {
        const allowed = words.length === 1
          ? `must be ${words[0]}`
          : `must be one of ${words.join(", ")}`;
        throw new BadValue(text, allowed, { candidates: words });
      }
      return word;
    },
    completion: { kind: "values", values: words.map((value) => ({ value })) },
    placeholder: words.join("|"),
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

/** `true` and `false` as Go's flag packages read them. https://pkg.go.dev/strconv#ParseBool */
function booleanOf(raw: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(raw)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(raw)) return false;
  throw new BadValue(raw, "must be true or false");
}
