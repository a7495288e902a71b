/** Flags of every command that connects to an API server: `-v N`, as in kubectl, and `--read-only`. */
import type { Command } from "./command.ts";
import { BadValue, type Flags, toggle, value } from "./flag.ts";

/** The trace level: 0 nothing, 6 each request, 7 and above also protocols, retries and reconnects. */
type Verbosity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

const summary =
  "trace on standard error: 6 prints each request, 7 also protocols, retries and reconnects";

/** `--read-only`. The variable is the host's to read, which other front ends use too. */
export const readOnlyFlag = toggle(
  "change nothing: refuse what isn't known to only read",
  { variable: "KODAMA_READ_ONLY" },
);

/**
 * Adds them to a command: their values are passed to the host, and the command itself never sees them. A command's own
 * `--read-only` stays its own.
 */
export function withGlobalFlags(command: Command): Command {
  const flags = {
    verbose: value(summary, level(command.flags), {
      short: "v",
      placeholder: "N",
      variable: "KODAMA_VERBOSE",
    }),
    // kubectl's long name.
    v: value(summary, level(command.flags), { hidden: true }),
    "read-only": readOnlyFlag,
    ...command.flags,
  };
  const without = ({ flags, given, ...args }: Words) => {
    const own = (name: string) => Object.hasOwn(command.flags, name);
    return {
      ...args,
      flags: Object.fromEntries(Object.entries(flags).filter(([name]) => own(name))),
      given: new Set([...given].filter(own)),
    };
  };
  return {
    ...command,
    flags: { ...command.flags, ...flags },
    resolve: (args) => command.resolve(without(args)),
    prepare(args) {
      const run = command.prepare(without(args));
      const { verbose, v, "read-only": readOnly } = args.flags as {
        verbose?: Verbosity;
        v?: Verbosity;
        "read-only"?: boolean;
      };
      const verbosity = verbose ?? v ?? 0;
      const isReadOnly = readOnly === true && flags["read-only"] === readOnlyFlag;
      const options = {
        ...(verbosity === 0 ? {} : { verbosity }),
        ...(isReadOnly ? { readOnly: true } : {}),
      };
      return (invocation) =>
        run({ ...invocation, host: (own) => invocation.host({ ...own, ...options }) });
    },
  };
}

type Words = Parameters<Command["prepare"]>[0];

/** Returns the parser of the value, which recognises the `-v` of grep and stern: the flag that excludes lines. */
function level(flags: Flags): (text: string) => Verbosity {
  return (text) => {
    if (/^\d$/.test(text)) return Number(text) as Verbosity;
    const hint = Object.hasOwn(flags, "exclude-lines")
      ? "-v 6 traces requests; --exclude-lines RE excludes lines that match"
      : "-v 6 traces requests";
    throw new BadValue(text, "must be a whole number from 0 to 9", { hint });
  };
}
