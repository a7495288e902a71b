/** The flags of all commands that open shells: `shell` and `tmux` share them with the same meaning. */
import { persistentFor, shellOptions } from "../../../actions/shell/options.ts";
import { BadValue, durationMs, valueOr } from "../../parser/flag.ts";
import { flagsOf } from "../../parser/option_flag.ts";

/** The flags of `kodama shell`. */
export const shellFlags = {
  ...flagsOf(shellOptions),
  "keep-for": valueOr(
    "time that the shell stays in the pod after the connection breaks; needs tmux or dtach in the pod",
    keepMs,
    persistentFor,
    { placeholder: "DURATION", variable: "KODAMA_KEEP_FOR", group: "Shell" },
  ),
};

/**
 * How long the process waits for a reconnect after its connection is lost. A command's output has to arrive
 * completely, which no multiplexer guarantees: it isn't persistent unless requested.
 */
export function keepMsOf(
  { flags, given, trailing }: {
    flags: { "keep-for": number };
    given: ReadonlySet<string>;
    trailing: readonly string[] | undefined;
  },
): number {
  return trailing === undefined || given.has("keep-for") ? flags["keep-for"] : 0;
}

/** A day: a process that was forgotten in a pod ends eventually. */
const longestKeepMs = 24 * 60 * 60 * 1000;

/** Parses a duration, or `0` for none. */
function keepMs(raw: string): number {
  if (/^0+[a-z]*$/.test(raw)) return 0;
  const duration = durationMs(raw);
  if (duration > longestKeepMs) throw new BadValue(raw, "must be 24h or less");
  return duration;
}
