import type { StartOptions } from "../../../actions/session/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../command.ts";
import { success } from "../../exit_codes.ts";
import { text, toggle, value, values } from "../../flag.ts";
import { jsonDocument, styleOf } from "../../output.ts";
import { definedOnly } from "../../selection.ts";
import { dataFormats, placeOf, scopeFlags, timeoutFlag } from "../../session/flags.ts";
import { stoppable } from "../../session/stoppable.ts";

/** `kodama start`. */
export const command = defineCommand({
  description:
    "Begins a session: a pod with a workspace of its own, in which you or a coding agent works. With --repo " +
    "the repository is checked out there, on a branch of the session's own unless --branch names one.\n\n" +
    "A start may be interrupted at any point: the same words go on where it stopped. A session that is there " +
    "already is brought up as it is. What isn't said here comes from the template, from .kodama.yaml of the " +
    "repository, from your config.yaml, or from kodama's own defaults.",
  operands: [{ name: "NAME", arity: "one" }],
  flags: {
    ...scopeFlags,
    "repo": value(
      "repository to check out: HTTPS, SSH, or . for the working folder's origin",
      text,
      {
        placeholder: "URL",
      },
    ),
    "branch": value("branch to work on (default one of the session's own)", text, {
      placeholder: "NAME",
    }),
    "image": value("image of the session's container (default the settings')", text, {
      placeholder: "IMAGE",
    }),
    "cpu": value("limit of processors (default the settings', or 1)", text, {
      placeholder: "QUANTITY",
    }),
    "memory": value("limit of memory (default the settings', or 2Gi)", text, {
      placeholder: "QUANTITY",
    }),
    "env-file": values("dotenv file whose variables the session has; a later one wins", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    "env-exclude": values("variable of those files that stays here", text, { placeholder: "NAME" }),
    "template": value("settings to begin with, by name", text, {
      placeholder: "NAME",
      completion: { kind: "templates" },
    }),
    "timeout": timeoutFlag,
    "dry-run": toggle("print what would be made, and make nothing"),
    "output": value("how --dry-run prints it (default yaml)", dataFormats.parse, {
      short: "o",
      ...dataFormats,
    }),
  },
  examples: [
    { title: "An empty workspace", line: "kodama start my-work" },
    {
      title: "On a repository, on a new branch",
      line: "kodama start fix-auth --repo https://github.com/myorg/myrepo",
    },
    {
      title: "On a branch that is there, with more of the machine",
      line:
        "kodama start hotfix --repo git@github.com:myorg/myrepo.git --branch develop --cpu 2 --memory 4Gi",
    },
    { title: "On the repository of this folder", line: "kodama start local-dev --repo ." },
    {
      title: "With variables from here",
      line:
        "kodama start my-session --env-file .env --env-file .env.local --env-exclude DEBUG_MODE",
    },
    { title: "What it would make", line: "kodama start my-work --dry-run -o yaml" },
  ],
  exitCodes: [
    ["0", "the session runs"],
    ["1", "a step failed; the message says what is left"],
    ["2", "the command line is wrong, or another session has the name"],
    ["3", "the pod wasn't ready in time"],
    ["130", "stopped by Ctrl-C or a signal: the same words go on"],
  ],
  seeAlso: [
    "kodama attach --help opens a shell in a session.",
    "kodama config schema lists the settings of sessions.",
  ],
  resolve({ flags, operands: [name] }) {
    if (flags.output !== undefined && !flags["dry-run"]) {
      throw new UsageError("-o says how --dry-run prints what would be made", {
        hint: "kodama get NAME -o yaml prints a session that is there",
      });
    }
    const { repo, branch, image, cpu, memory, template } = flags;
    const options: Omit<StartOptions, "signal"> = {
      ...placeOf(flags, name),
      ...definedOnly({ repo, branch, image, cpu, memory, template }),
      envFiles: flags["env-file"],
      envExclude: flags["env-exclude"],
      readyTimeoutMs: flags.timeout,
    };
    const dryRun = flags["dry-run"] ? flags.output ?? "yaml" : undefined;
    return { options, dryRun, kubeconfig: flags.kubeconfig };
  },
  async run({ options, dryRun, kubeconfig }, { host: openHost, signals, terminal, environment }) {
    const host = await openHost({ kubeconfig });
    const actions = await import("../../../actions/session/start.ts");
    if (dryRun !== undefined) {
      const objects = await stoppable(
        signals,
        (signal) => actions.dryStart(host, { ...options, signal }),
      );
      await terminal.stdout.write(await manifestText(objects, dryRun));
      return success;
    }
    const { showStart } = await import("../../session/show_start.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(
      signals,
      (signal) =>
        showStart(actions.start(host, { ...options, signal }), {
          terminal,
          clock: host.clock,
          style,
        }),
    );
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    await terminal.stderr.write(`kodama attach ${session.name} opens a shell in it\n`);
    return success;
  },
});

/** As kubectl prints several objects. */
async function manifestText(
  objects: readonly unknown[],
  format: "json" | "yaml",
): Promise<string> {
  if (format === "json") return jsonDocument({ apiVersion: "v1", kind: "List", items: objects });
  const { stringify } = await import("yaml");
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
}
