import { absolutePath } from "../../../base/absolute_path.ts";
import { adapterNames } from "../../../actions/agent/options.ts";
import type { FirstTask, StartOptions } from "../../../actions/session/events.ts";
import { orAborted } from "../../../base/abort.ts";
import { definedOnly } from "../../../base/defined_only.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { type PromptSource, promptSource, readPrompt } from "../prompt/prompt_text.ts";
import { choice, text, toggle, value, valueOr, values } from "../../parser/flag.ts";
import { jsonDocument, styleOf } from "../../output.ts";
import { dataFormats, limit, placeOf, scopeFlags, timeoutFlag } from "./flags.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

const adapters = choice(adapterNames);

/** `kodama start`. */
export const command = defineCommand({
  description:
    "Begins a session: a pod with a workspace of its own, in which you or a coding agent works. With --repo " +
    "the repository is checked out there, on a branch of the session's own unless --branch names one.\n\n" +
    "A start may be interrupted at any point: the same words go on where it stopped. A session that is there " +
    "already is brought up as it is. What isn't said here comes from the template, from .kodama.yaml of the " +
    "repository, from your config.yaml, or from kodama's own defaults.",
  operands: [{ name: "NAME", arity: "one" }],
  trailing: "optional",
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
    "ttl": value("time to live: it stops then, whatever runs (default the settings')", limit, {
      placeholder: "DURATION",
    }),
    "idle-timeout": value(
      "it stops when nobody used it for so long (default the settings')",
      limit,
      { placeholder: "DURATION" },
    ),
    "env-file": values("dotenv file whose variables the session has; a later one wins", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    "env-exclude": values("variable of those files that stays here", text, { placeholder: "NAME" }),
    "template": value("session template, by name", text, {
      placeholder: "NAME",
      completion: { kind: "templates" },
    }),
    "sync": value(
      "folder to keep in step with /workspace (default the working folder, if it is the project)",
      text,
      { placeholder: "PATH", completion: { kind: "files" } },
    ),
    "no-sync": toggle("keep nothing in step"),
    "prompt": value("first task of the session's agent", text, { short: "p" }),
    "prompt-file": value("read that task from FILE; - is standard input", text, {
      placeholder: "FILE",
      completion: { kind: "files" },
    }),
    "adapter": valueOr("which agent", adapters.parse, "claude", adapters),
    "join": toggle(
      "take a session of NAME that is somebody else's, or files that an earlier one left",
    ),
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
      title: "On a branch that is there",
      line: "kodama start hotfix --repo git@github.com:myorg/myrepo.git --branch develop",
    },
    { title: "With more of the machine", line: "kodama start build --cpu 4 --memory 8Gi" },
    {
      title: "Until nobody uses it, and until tonight at most",
      line: "kodama start review --idle-timeout 30m --ttl 8h",
    },
    { title: "On the repository of this folder", line: "kodama start local-dev --repo ." },
    {
      title: "With variables from here",
      line: "kodama start my-session --env-file .env --env-file .env.local",
    },
    { title: "In step with a folder", line: "kodama start local-dev --sync /path/to/project" },
    {
      title: "With a task for its agent",
      line: 'kodama start tests --repo github.com/myorg/api --prompt "Add unit tests"',
    },
    {
      title: "With a longer one",
      line: "kodama start refactor --repo github.com/myorg/app --prompt-file task.txt",
    },
    { title: "What it would make", line: "kodama start my-work --dry-run -o yaml" },
  ],
  exitCodes: [
    ["0", "the session runs"],
    ["1", "a step failed; the message says what is left"],
    ["2", "the command line is wrong, or another session has the name"],
    ["3", "the pod, or the first sync, wasn't ready in time"],
    ["130", "stopped by Ctrl-C or a signal: the same words go on"],
  ],
  seeAlso: [
    "kodama attach --help opens a shell in a session.",
    "kodama config schema lists the settings of sessions.",
  ],
  resolve({ flags, operands: [name], trailing }) {
    if (flags.output !== undefined && !flags["dry-run"]) {
      throw new UsageError("-o says how --dry-run prints what would be made", {
        hint: "kodama get NAME -o yaml prints a session that is there",
      });
    }
    const { repo, branch, image, cpu, memory, template } = flags;
    if (flags.sync !== undefined && flags["no-sync"]) {
      throw new UsageError("--sync and --no-sync contradict each other");
    }
    const options: Omit<StartOptions, "signal" | "task"> = {
      ...placeOf(flags, name),
      ...definedOnly({ repo, branch, image, cpu, memory, template }),
      ...definedOnly({ ttl: flags.ttl, idleTimeout: flags["idle-timeout"] }),
      envFiles: flags["env-file"],
      envExclude: flags["env-exclude"],
      join: flags.join,
      readyTimeoutMs: flags.timeout,
      sync: flags["no-sync"]
        ? { kind: "none" }
        : flags.sync === undefined
        ? { kind: "unsaid" }
        : { kind: "folder", path: flags.sync },
    };
    const task = taskOf(flags, trailing);
    const dryRun = flags["dry-run"] ? flags.output ?? "yaml" : undefined;
    return { options, task, dryRun, kubeconfig: flags.kubeconfig };
  },
  async run(
    { options: asked, task, dryRun, kubeconfig },
    { host: openHost, signals, terminal, environment },
  ) {
    const host = await openHost({ kubeconfig });
    const { workingDir } = host.places;
    const options = {
      ...asked,
      ...definedOnly({
        kubeconfig: kubeconfig === undefined ? undefined : absolutePath(kubeconfig, workingDir),
      }),
    };
    const actions = await import("../../../actions/session/start.ts");
    if (dryRun !== undefined) {
      const objects = await stoppable(
        signals,
        (signal) => actions.dryStart(host, { ...options, signal }),
      );
      await terminal.stdout.write(await manifestText(objects, dryRun));
      return success;
    }
    const { showStart } = await import("./show_start.ts");
    const style = styleOf(terminal.stderr, environment);
    const { session } = await stoppable(signals, async (signal) => {
      const first = task && await firstTask(task, { host, terminal, signal });
      const events = actions.start(host, { ...options, ...definedOnly({ task: first }), signal });
      return await showStart(events, { terminal, clock: host.clock, style });
    });
    await terminal.stdout.write(`session/${session.name} is Running\n`);
    await terminal.stderr.write(
      task === undefined
        ? `kodama attach ${session.name} opens a shell in it\n`
        : `kodama logs --agent ${session.name} -f shows what its agent does\n`,
    );
    return success;
  },
});

interface TaskWords {
  adapter: FirstTask["adapter"];
  source: PromptSource;
  words: readonly string[];
}

function taskOf(
  flags: {
    prompt: string | undefined;
    "prompt-file": string | undefined;
    adapter: FirstTask["adapter"];
  },
  trailing: readonly string[] | undefined,
): TaskWords | undefined {
  const [prompt, file] = [flags.prompt, flags["prompt-file"]];
  if (prompt !== undefined && file !== undefined) {
    throw new UsageError("--prompt and --prompt-file contradict each other");
  }
  if (prompt === undefined && file === undefined) {
    if (trailing === undefined) return undefined;
    throw new UsageError("words behind -- are the agent's, and there is no prompt for it", {
      hint: 'give it one: --prompt "Add tests for the login"',
    });
  }
  const source = promptSource(prompt, file, "");
  return { adapter: flags.adapter, source, words: trailing ?? [] };
}

async function firstTask(
  { adapter, source, words }: TaskWords,
  around: Parameters<typeof readPrompt>[1],
): Promise<FirstTask> {
  // A file may be a pipe without a writer.
  const prompt = await orAborted(readPrompt(source, around), around.signal);
  return { adapter, words, prompt };
}

/** In the format in which kubectl prints several objects. */
async function manifestText(
  objects: readonly unknown[],
  format: "json" | "yaml",
): Promise<string> {
  if (format === "json") return jsonDocument({ apiVersion: "v1", kind: "List", items: objects });
  const { stringify } = await import("yaml");
  // Scripts keep their own lines, so that they can be reviewed and pasted.
  const style = { aliasDuplicateObjects: false, lineWidth: 0, blockQuote: "literal" } as const;
  return objects.map((object) => stringify(object, style)).join("---\n");
}
