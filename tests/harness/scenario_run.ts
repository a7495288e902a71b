/** Runs a scenario: in a folder of its own, with kodama from this checkout, on some cluster. */
import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { hangTimeout } from "./hang_limit.ts";
import { builtKodama } from "./built_kodama.ts";
import { type CommandResult, runCommand } from "./command.ts";
import { CommandLines } from "./command_lines.ts";
import { testEnvironment } from "./embedded_cluster.ts";
import { freePort } from "./free_port.ts";
import { StartedCommands } from "./plain_command.ts";
import { KodamaInProcess } from "./kodama_in_process.ts";
import { TestFolder } from "./test_folder.ts";
import { type KnownTexts, normalise } from "./normalise.ts";
import type { Part, Scenario, Step } from "./scenario.ts";

/** A cluster to run on, and a namespace for the scenario alone. */
export interface ScenarioCluster {
  /** The text of a kubeconfig with one context. */
  kubeconfig: string;
  namespace: string;
  /** Texts of this cluster to replace in the output, beside those of every cluster. */
  known?: KnownTexts;
  /** Repeated commands may run in the test's own process. */
  repeatsInProcess?: boolean;
}

/** Of all scenarios of this process: one that runs alone starts each of its commands. */
const started = new StartedCommands();

/** A folder for a scenario: its files, its home, and `kodama` on its PATH. */
class ScenarioFolder implements AsyncDisposable {
  readonly #lines: CommandLines;

  private constructor(
    private readonly own: TestFolder,
    readonly folder: string,
    readonly env: Readonly<Record<string, string>>,
    readonly known: KnownTexts,
    repeatsInProcess: boolean,
  ) {
    this.#lines = new CommandLines({ env, cwd: `${folder}/work`, repeatsInProcess, started });
  }

  static async open(cluster: ScenarioCluster): Promise<ScenarioFolder> {
    const own = await TestFolder.open("kodama-scenario-");
    const folder = own.path;
    for (const name of ["home", "work"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/kubeconfig`, scenarioKubeconfig(cluster), { mode: 0o600 });
    const env = testEnvironment(folder, `${folder}/kubeconfig`);
    const known = {
      work: `${folder}/work`,
      folder,
      namespace: cluster.namespace,
      server: serverOf(cluster),
      port: String(freePort()),
      ...cluster.known,
    };
    return new ScenarioFolder(
      own,
      folder,
      // An expected text has no lines that depend on the duration of a command.
      { ...env, KODAMA_PROGRESS: "none", PATH: `${await builtKodama()}/bin:${env["PATH"]}` },
      known,
      cluster.repeatsInProcess ?? false,
    );
  }

  /** Runs the command of a step. */
  async runStep(command: string): Promise<CommandResult> {
    return await this.#lines.run(command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.own[Symbol.asyncDispose]();
  }
}

interface Kubeconfig {
  "current-context": string;
  contexts: { name: string; context: Record<string, unknown> }[];
}

/** Returns it as kodama prints it: without the default port. */
function serverOf({ kubeconfig }: ScenarioCluster): string {
  const { clusters } = parse(kubeconfig) as { clusters: { cluster: { server: string } }[] };
  return new URL(clusters[0]?.cluster.server ?? "").origin;
}

/** Returns the same cluster and user, in a context with a fixed name: it appears in the output. */
function scenarioKubeconfig({ kubeconfig, namespace }: ScenarioCluster): string {
  const config = parse(kubeconfig) as Kubeconfig;
  const current = config.contexts.find(({ name }) => name === config["current-context"]);
  assert.ok(current, "the kubeconfig has no current context");
  const contexts = [{ name: "scenario", context: { ...current.context, namespace } }];
  return stringify({ ...config, contexts, "current-context": "scenario" });
}

/** Runs every part, and returns the scenario with its actual output. */
export async function runScenario(scenario: Scenario, cluster: ScenarioCluster): Promise<Scenario> {
  await using folder = await ScenarioFolder.open(cluster);
  const parts: Part[] = [];
  for (const part of scenario.parts) parts.push(await runPart(part, folder));
  return { ...scenario, parts };
}

async function runPart(part: Part, folder: ScenarioFolder): Promise<Part> {
  switch (part.kind) {
    case "prose":
      return part;
    case "file": {
      const path = `${folder.folder}/work/${part.name}`;
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(path, withPort(part.text, folder));
      return part;
    }
    case "apply":
      await apply(withPort(part.text, folder), folder);
      return part;
    case "console": {
      const steps: Step[] = [];
      for (const step of part.steps) steps.push(await runStep(step, folder));
      return { ...part, steps };
    }
  }
}

/** Replaces `{port}` by the scenario's port: pods of an embedded cluster share those of the machine. */
function withPort(text: string, { known }: ScenarioFolder): string {
  // The formatter takes it for a mapping where it is all of a value in YAML.
  return text.replaceAll(/\{ ?port ?\}/g, known["port"] ?? "");
}

/** Applies manifests; their workloads are rolled out, and pods ready, before the scenario continues. */
async function apply(manifests: string, folder: ScenarioFolder): Promise<void> {
  const applying = ["kubectl", "apply", "-o", "name", "-f", "-"];
  const applied = await runCommand(applying, { env: folder.env, stdin: manifests });
  assert.equal(applied.code, 0, applied.stderr);
  const awaited = applied.stdout.trim().split("\n").filter((name) => isRolledOut.test(name));
  if (awaited.length === 0) return;
  await new KodamaInProcess(folder.env).succeed(["wait", ...awaited, hangTimeout]);
}

const isRolledOut = /^(?:pod|(?:deployment|statefulset|daemonset)\.apps)\//;

async function runStep({ command }: Step, folder: ScenarioFolder): Promise<Step> {
  const { code, stdout, stderr } = await folder.runStep(withPort(command, folder));
  return {
    command,
    stdout: normalise(stdout, folder.known),
    stderr: normalise(stderr, folder.known),
    exitCode: code,
  };
}
