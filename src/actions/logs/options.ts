/** The options of `logs`: how much is read of each log, and how. */
import { durationOption, toggleOption, wholeOption } from "../option.ts";

/** The options of `logs`, by name. */
export const logsOptions = {
  /** Ends with the signal, or when all named pods have ended. Can't be combined with `previous`. */
  follow: toggleOption("follow the logs, including those of pods that start later"),
  previous: toggleOption("read the log of each container's previous instance"),
  tailLines: wholeOption("read N lines from the end of each log", { least: 0 }),
  sinceMs: durationOption("read lines newer than this: 5s, 2m, 3h"),
  /** Counts the bytes of the lines. Can't be combined with `follow`. */
  limitBytes: wholeOption("print at most N bytes of each log", { least: 1 }),
  maxRequests: wholeOption(
    "read N logs at the same time; the others wait (default 50, 500 if the logs are followed)",
    { least: 1 },
  ),
};
