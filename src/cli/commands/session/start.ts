import { absolutePath } from "../../../base/absolute_path.ts";
import type { FirstTask, StartOptions } from "../../../actions/session/events.ts";
import { startOptions } from "../../../actions/session/options.ts";
import { flagsOf } from "../../parser/option_flag.ts";
import { orAborted } from "../../../base/abort.ts";
import { definedOnly } from "../../../base/json_value.ts";
import { UsageError } from "../../../base/errors.ts";
import { defineCommand, type ParsedArgs } from "../../parser/command.ts";
import { success } from "../../exit_codes.ts";
import { type PromptSource, promptSource, readPrompt } from "../prompt/prompt_text.ts";
import { text, toggle, value, values } from "../../parser/flag.ts";
import { documentFlag, styleOf } from "../../output.ts";
import { jsonDocument } from "../../../present/json.ts";
import { adapterFlag, agentLimitFlags } from "../agent/flags.ts";
import { limit, scopeFlags, sessionRef, timeoutFlag } from "./flags.ts";
import { forwardFlag, forwardPorts } from "./forward_ports.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";

const startFlags = {
  ...scopeFlags,
  ...flagsOf(startOptions),
  "ttl": value(startOptions.ttl.about, limit),
  "idle-timeout": value(startOptions.idleTimeout.about, limit),
  "env-file": values(
    "dotenv file with environment variables for the session; later files take precedence",
    text,
    { placeholder: "FILE", completion: { kind: "files" } },
  ),
  "env-exclude": values("variable of the --env-file files to leave out", text, {
    placeholder: "NAME",
  }),
  "sync": value(
    "local folder to keep in sync with /workspace (default the current directory, if it is the session's project)",
    text,
    { placeholder: "PATH", completion: { kind: "files" } },
  ),
  "no-sync": toggle("don't sync a local folder"),
  "devcontainer": value(
    "devcontainer.json to use (default .devcontainer/devcontainer.json of the project)",
    text,
    { placeholder: "FILE", completion: { kind: "files" } },
  ),
  "no-devcontainer": toggle("ignore the project's devcontainer.json"),
  "forward": forwardFlag,
  "prompt": value("first task of the session's agent", text, { short: "p" }),
  "prompt-file": value("read the first task from FILE, or - for stdin", text, {
    placeholder: "FILE",
    completion: { kind: "files" },
  }),
  "adapter": adapterFlag,
  ...agentLimitFlags,
  "join": toggle(
    "use the session even if it belongs to someone else, or if volumes of a deleted session remain",
  ),
  "timeout": timeoutFlag,
  "dry-run": toggle("print the objects that would be created, and create nothing"),
  "output": documentFlag("output format of --dry-run (default yaml)"),
};

/** `kodama start`. */
export const command = defineCommand({
  description:
    "Starts a session: a pod with its own workspace, in which you or a coding agent works. With " +
    "--repo, the repository is checked out there, on a new branch for the session unless --branch " +
    "names one.\n\n" +
    "An interrupted start is resumed by the same command. If the session exists, it is started as it " +
    "is defined. Options that are not given come from the template, the repository's .kodama.yaml, " +
    "your config.yaml, or kodama's defaults, in this order.",
  operands: [{ name: "NAME", arity: "one" }],
  trailing: "optional",
  flags: startFlags,
  examples: {
    "An empty workspace": "kodama start my-work",
    "With a repository, on a new branch":
      "kodama start fix-auth --repo https://github.com/myorg/myrepo",
    "On an existing branch":
      "kodama start hotfix --repo git@github.com:myorg/myrepo.git --branch develop",
    "With more CPU and memory": "kodama start build --cpu 4 --memory 8Gi",
    "Stop it when unused for 30 minutes, or after 8 hours":
      "kodama start review --idle-timeout 30m --ttl 8h",
    "With the repository of the current directory": "kodama start local-dev --repo .",
    "With environment variables from local files":
      "kodama start my-session --env-file .env --env-file .env.local",
    "Synced with a local folder": "kodama start local-dev --sync /path/to/project",
    "With its ports 3000 and 8080 on this machine":
      "kodama start my-work --forward 3000 --forward 8080",
    "With a task for the agent":
      'kodama start tests --repo github.com/myorg/api --prompt "Add unit tests"',
    "With a task from a file":
      "kodama start refactor --repo github.com/myorg/app --prompt-file task.txt",
    "With another development container of the project":
      "kodama start docs --repo . --devcontainer docs/devcontainer.json",
    "Print the objects without creating them": "kodama start my-work --dry-run -o yaml",
  },
  exitCodes: [
    ["0", "the session runs"],
    ["1", "a step failed; the message lists what remains"],
    ["2", "the command line is wrong, or the name is in use"],
    ["3", "the pod, or the first sync, was not ready in time"],
    ["130", "stopped by Ctrl-C or a signal; run the same command to resume"],
  ],
  seeAlso: [
    "kodama attach --help opens a shell in a session.",
    "kodama config schema lists the settings of sessions.",
  ],
  resolve({ flags, operands: [name], trailing }) {
    if (flags.output !== undefined && !flags["dry-run"]) {
      throw new UsageError("-o is the output format of --dry-run, which isn't given", {
        hint: "kodama get NAME -o yaml prints an existing session",
      });
    }
    const { repo, branch, image, cpu, memory, template, forward: ports } = flags;
    if (flags["dry-run"] && ports.length > 0) {
      throw new UsageError("--dry-run and --forward can't be used together");
    }
    if (flags.sync !== undefined && flags["no-sync"]) {
      throw new UsageError("--sync and --no-sync can't be used together");
    }
    const { devcontainer: path, "no-devcontainer": noDevContainer } = flags;
    if (path !== undefined && noDevContainer) {
      throw new UsageError("--devcontainer and --no-devcontainer can't be used together");
    }
    const options: Omit<StartOptions, "signal" | "task"> = {
      ...sessionRef(flags, name),
      ...definedOnly({ repo, branch, image, cpu, memory, template }),
      ...definedOnly({ ttl: flags.ttl, idleTimeout: flags["idle-timeout"] }),
      envFiles: flags["env-file"],
      envExclude: flags["env-exclude"],
      join: flags.join,
      readyTimeoutMs: flags.timeout,
      sync: flags["no-sync"]
        ? { kind: "none" }
        : flags.sync === undefined
        ? { kind: "unspecified" }
        : { kind: "folder", path: flags.sync },
      devContainer: noDevContainer
        ? { kind: "none" }
        : path === undefined
        ? { kind: "unspecified" }
        : { kind: "file", path },
    };
    const task = taskOf(flags, trailing);
    const dryRun = flags["dry-run"] ? flags.output ?? "yaml" : undefined;
    return { options, task, dryRun, kubeconfig: flags.kubeconfig, ports };
  },
  async run(
    { options: resolved, task, dryRun, kubeconfig, ports },
    { host: openHost, signals, terminal, environment },
  ) {
    const host = await openHost();
    const { workingDir } = host.places;
    const options = {
      ...resolved,
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
    const { showSessionStart: showStart } = await import("./show_start.ts");
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
    if (ports.length > 0) {
      const { findSession } = await import("../../../actions/find_session.ts");
      const { uid, target } = await stoppable(
        signals,
        (signal) => findSession(host, { ...options, namespace: session.namespace }, signal),
      );
      await forwardPorts(host, { session, uid, pod: target, ports, kubeconfig }, {
        signals,
        terminal,
      });
    } else if ((session.spec.setup?.ports ?? []).length > 0) {
      await terminal.stderr.write(
        `kodama attach ${session.name} --forward all forwards its ports\n`,
      );
    }
    return success;
  },
});

/** The first task; its prompt may still have to be read. */
interface TaskArgs extends Omit<FirstTask, "prompt"> {
  source: PromptSource;
}

function taskOf(
  flags: ParsedArgs<typeof startFlags>["flags"],
  trailing: readonly string[] | undefined,
): TaskArgs | undefined {
  const [prompt, file] = [flags.prompt, flags["prompt-file"]];
  if (prompt !== undefined && file !== undefined) {
    throw new UsageError("--prompt and --prompt-file can't be used together");
  }
  if (prompt === undefined && file === undefined) {
    if (trailing === undefined) return undefined;
    throw new UsageError("arguments after -- are for the agent, and need a prompt", {
      hint: 'give it one: --prompt "Add tests for the login"',
    });
  }
  const source = promptSource(prompt, file, "");
  return {
    adapter: flags.adapter,
    source,
    args: trailing ?? [],
    permissions: flags.permissions,
    ...definedOnly({ budgetUsd: flags.budget }),
  };
}

async function firstTask(
  { source, ...task }: TaskArgs,
  around: Parameters<typeof readPrompt>[1],
): Promise<FirstTask> {
  // A file may be a pipe without a writer.
  const prompt = await orAborted(readPrompt(source, around), around.signal);
  return { ...task, prompt };
}

/** In the format in which kubectl prints several objects. */
async function manifestText(
  objects: readonly unknown[],
  format: "json" | "yaml",
): Promise<string> {
  if (format === "json") return jsonDocument({ apiVersion: "v1", kind: "List", items: objects });
  const { yamlText } = await import("../../../base/yaml/write.ts");
  return objects.map(yamlText).join("---\n");
}
