/**
 * Commands, flags and settings that this version no longer has, with their replacements: commands by their path, flags
 * by that and their name, settings by the outermost name of their keys. An entry stays for a release, in which its use
 * is an error that names the replacement.
 */
import { action, type Hint, hint } from "./hint.ts";

type Kind = "commands" | "flags" | "settings";

const note = hint`a file in the session's workspace is there for everyone who works with it`;

const cronJob = hint`${action("schedule.add")} runs a workflow in the cluster at set times`;

/** Every removal. */
export const removals: Readonly<Record<Kind, Readonly<Record<string, Hint>>>> = {
  commands: {
    "note": note,
    "session note": note,
    "workflow graph": hint`${action("workflow.show")} prints the steps of a workflow`,
    "workflow upgrade": hint`version 1 of workflow files is no longer read; ${
      action("workflow.check")
    } names each field that isn't of version 2`,
  },
  flags: Object.fromEntries(
    ["cronjob", "image", "namespace", "param"].map((name) => [`workflow new --${name}`, cronJob]),
  ),
  settings: {
    "notify": hint`${
      action("agent.watch", { output: "jsonl" })
    } prints each notice as a line of JSON for a sender of your own`,
  },
};

/** Returns the replacement of something that this version no longer has. */
export function replacementOf(kind: Kind, name: string): Hint | undefined {
  const known = removals[kind];
  return Object.hasOwn(known, name) ? known[name] : undefined;
}
