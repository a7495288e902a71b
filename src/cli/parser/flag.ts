/**
 * The vocabulary in which a command declares its flags: each flag has its name, its help and how its
 * text becomes a narrow type. Parsing, help, completion and the reference all read the same declaration.
 */
import { definedOnly } from "../../base/json_value.ts";
import { BadValue, type Lookup, readDuration, toggleField } from "../../operation/field.ts";

export { BadValue } from "../../operation/field.ts";

/** Candidates for a value that the shell may offer. The dynamic kinds are looked up at the time of completion. */
export type Completion =
  | { kind: "values"; values: readonly Suggestion[] }
  | { kind: Lookup | "workflows" | "configKeys" | "runs" | "syncs" }
  | { kind: "params" | "configValues" | "sessions" }
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
  /** The value names a past run: `resolve` gets its pods, as a file would have them. */
  readonly readsRun?: true;
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

/** Parses the value of a flag. A parser of a few keywords has what help shows and a shell offers. */
export interface Parse<T> {
  (text: string): T;
  readonly placeholder?: string;
  readonly completion?: Completion;
}

function withValue(
  summary: string,
  { placeholder = "TEXT", completion }: Parse<unknown>,
  options: FlagOptions,
) {
  const offered = { placeholder, ...definedOnly({ completion }) };
  return { ...offered, ...described(options), takesValue: true, summary };
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
      return text !== undefined && toggleField("").read(text) === true;
    },
  };
}

/** A flag with one value; of several the last one counts, as in kubectl. Undefined if it isn't given. */
export function value<T>(
  summary: string,
  parse: Parse<T>,
  options: FlagOptions = {},
): Flag<T | undefined> {
  return {
    ...withValue(summary, parse, options),
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
  parse: Parse<T>,
  defaultText: string,
  options: FlagOptions = {},
): Flag<T> {
  return {
    ...withValue(summary, parse, options),
    repeatable: false,
    defaultText,
    resolve: (texts) => parse(texts.at(-1) ?? defaultText),
  };
}

/** A flag that can be repeated: every value, in order. */
export function values<T>(
  summary: string,
  parse: Parse<T>,
  options: FlagOptions = {},
): Flag<readonly T[]> {
  return {
    ...withValue(summary, parse, options),
    repeatable: true,
    resolve: (texts) => texts.map((text) => parse(text)),
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

/** The same for a past run, whose pods `parse` gets in the form of a file. */
export function runValue<T>(
  summary: string,
  parse: (contents: FileContents) => T,
  options: FlagOptions = {},
): Flag<T | undefined> {
  const { readsFile: _readsFile, ...flag } = fileValue(summary, parse, {
    placeholder: "RUN",
    completion: { kind: "runs" },
    ...options,
  });
  return { ...flag, readsRun: true };
}

/** The input to `resolve` of a {@link fileValue}. */
export function joinContents(contents: FileContents): string {
  return JSON.stringify(contents);
}

/** One of a few keywords. An empty text is refused like any unknown keyword. */
export function choice<const Word extends string>(
  args: readonly Word[],
): Parse<Word> & { readonly completion: Completion } {
  const parse = (text: string) => {
    const arg = args.find((candidate) => candidate === text);
    if (arg !== undefined) return arg;
    const allowed = args.length === 1 ? `must be ${args[0]}` : `must be one of ${args.join(", ")}`;
    throw new BadValue(text, allowed, { candidates: args });
  };
  const completion: Completion = { kind: "values", values: args.map((value) => ({ value })) };
  return Object.assign(parse, { completion, placeholder: args.join("|") });
}

/** Any text but the empty one, which is nearly always an unset variable of a script. */
export function text(raw: string): string {
  if (raw === "") throw new BadValue(raw, "it is empty");
  return raw;
}

/** Milliseconds, from 1 up to 24 days. Throws {@link BadValue}. */
export function durationMs(raw: string): number {
  return readDuration(raw);
}
durationMs.placeholder = "DURATION";

/** A whole number from 1. */
export function count(raw: string): number {
  const number = Number(raw);
  if (!/^\d+$/.test(raw) || !Number.isSafeInteger(number) || number < 1) {
    throw new BadValue(raw, "must be a whole number, 1 or more");
  }
  return number;
}
count.placeholder = "N";

/** A port to listen on; 0 is any free one. */
export function port(raw: string): number {
  const port = Number(raw);
  if (/^\d{1,5}$/.test(raw) && port <= 65_535) return port;
  throw new BadValue(raw, "must be a port, 0 to 65535");
}
port.placeholder = "PORT";

/** Five fields, or a name such as `@daily`. */
export function cron(raw: string): string {
  if (/^(?:@[a-z]+|\S+(?:\s+\S+){4})$/.test(raw.trim())) return raw.trim();
  throw new BadValue(raw, 'must have five fields, as in "0 6 * * *"');
}
cron.placeholder = "CRON";
