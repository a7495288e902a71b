/** `-v N` of every command that connects to an API server, as in kubectl. */
import type { Command } from "./command.ts";
import { BadValue, type Flags, value } from "./flag.ts";
import type { Invocation } from "../invocation.ts";

/** The trace level: 0 nothing, 6 each request, 7 and above also protocols, retries and reconnects. */
export type Verbosity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

const summary =
  "trace on standard error: 6 prints each request, 7 also protocols, retries and reconnects";

/** Adds `-v` to a command: its value is passed to the host, and the command itself never sees it. */
export function withVerbosity(command: Command): Command {
  const parse = level(command.flags);
  const without = ({ flags: { verbose: _verbose, v: _v, ...flags }, given, ...args }: Words) => ({
    ...args,
    flags,
    given: new Set([...given].filter((name) => name !== "verbose" && name !== "v")),
  });
  return {
    ...command,
    flags: {
      ...command.flags,
      verbose: value(summary, parse, {
        short: "v",
        placeholder: "N",
        variable: "KODAMA_VERBOSE",
      }),
      // kubectl's long name.
      v: value(summary, parse, { hidden: true }),
    },
    resolve: (args) => command.resolve(without(args)),
    prepare(args) {
      const run = command.prepare(without(args));
      const { verbose, v } = args.flags as { verbose?: Verbosity; v?: Verbosity };
      const verbosity = verbose ?? v ?? 0;
      return (invocation) => run(verbosity === 0 ? invocation : tracing(invocation, verbosity));
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

function tracing(invocation: Invocation, verbosity: Verbosity): Invocation {
  return {
    ...invocation,
    host: (options) => invocation.host({ ...options, verbosity }),
  };
}
