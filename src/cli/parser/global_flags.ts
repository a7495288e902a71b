/**
 * Flags of every command that connects to an API server: `-v N` and those of the connection, as in kubectl, and
 * `--read-only`.
 */
import { onlyHereError } from "../../actions/host.ts";
import { parseDuration } from "../../base/duration.ts";
import { definedOnly } from "../../base/json_value.ts";
import type { ConnectionFlags } from "../invocation.ts";
import type { Command } from "./command.ts";
import { BadValue, type Flags, text, toggle, value, values } from "./flag.ts";

/** The trace level: 0 nothing, 6 each request, 7 and above also protocols, retries and reconnects. */
type Verbosity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

const summary =
  "trace on standard error: 6 prints each request, 7 also protocols, retries and reconnects";

/** `--read-only`. The variable is the host's to read, which other front ends use too. */
export const readOnlyFlag = toggle(
  "change nothing: refuse what isn't known to only read",
  { variable: "KODAMA_READ_ONLY" },
);

const hidden = { hidden: true } as const;

/** The flags of the connection, as `kubectl options` lists them. Help doesn't: docs/kubeconfig.md has them. */
const connectionFlags = {
  "as": value("user to impersonate", text, hidden),
  "as-group": values("group to impersonate; repeatable", text, hidden),
  "as-uid": value("uid to impersonate", text, hidden),
  "cluster": value("cluster of the kubeconfig in place of the context's", text, hidden),
  "user": value("user of the kubeconfig in place of the context's", text, hidden),
  "server": value("address of the API server in place of the cluster's", text, hidden),
  "token": value("bearer token in place of the user's credentials", text, hidden),
  "request-timeout": value("time limit of one request; 0 for none", requestTimeoutMs, hidden),
};

/** Whole seconds, or a duration. */
function requestTimeoutMs(text: string): number {
  const ms = /^\d{1,6}$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  if (ms !== undefined) return ms;
  throw new BadValue(text, "must be seconds, or a duration such as 30s or 2m");
}

function connectionOf(flags: Readonly<Record<string, unknown>>): ConnectionFlags {
  const given = flags as {
    "as"?: string;
    "as-group"?: readonly string[];
    "as-uid"?: string;
    cluster?: string;
    user?: string;
    server?: string;
    token?: string;
    "request-timeout"?: number;
  };
  const groups = given["as-group"] ?? [];
  return definedOnly({
    as: given.as,
    asGroups: groups.length === 0 ? undefined : groups,
    asUid: given["as-uid"],
    cluster: given.cluster,
    user: given.user,
    server: given.server,
    token: given.token,
    requestTimeoutMs: given["request-timeout"],
  });
}

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
    ...connectionFlags,
    ...command.flags,
  };
  const without = ({ flags, given, line, ...args }: Words) => {
    const own = (name: string) => Object.hasOwn(command.flags, name);
    return {
      ...args,
      line: own("token") ? line : withoutToken(line),
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
      const connection = connectionOf(
        Object.fromEntries(
          Object.entries(connectionFlags).flatMap(([name, flag]) =>
            flags[name as keyof typeof connectionFlags] === flag ? [[name, args.flags[name]]] : []
          ),
        ),
      );
      const { requestTimeoutMs: _limit, ...others } = connection;
      const options = {
        ...(Object.keys(connection).length > 0 ? { connection } : {}),
        ...(verbosity === 0 ? {} : { verbosity }),
        ...(isReadOnly ? { readOnly: true } : {}),
      };
      return (invocation) =>
        run({
          ...invocation,
          host: (own) => invocation.host({ ...own, ...options }),
          // A pane is a kodama of its own, and anyone on this machine can read its command line.
          multiplexer: Object.keys(others).length > 0
            ? () => Promise.reject(onlyHereError("panes"))
            : () => invocation.multiplexer(),
        });
    },
  };
}

/** Returns a command line without the token: what a command stores or sends may contain its line. */
export function withoutToken(line: readonly string[]): string[] {
  return line.filter((arg, at) => !/^--token(?:=|$)/.test(arg) && line[at - 1] !== "--token");
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
