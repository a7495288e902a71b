/** The fixture of a session's whole life: a real cluster, a private repository, an agent's model, several machines. */
import type { CommandResult } from "../harness/command.ts";
import { claudeVersion } from "../harness/claude_code.ts";
import { startGitServer } from "../harness/git_server.ts";
import { freePort } from "../harness/free_port.ts";
import { type Answer, ModelStandIn } from "../harness/model_stand_in.ts";
import { ProcessLists } from "../harness/process_lists.ts";
import { PseudoTerminal } from "../harness/pseudo_terminal.ts";
import { SecretHunt } from "../harness/secret_search.ts";
import { outputOf, type SourceKodama } from "../harness/source_kodama.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { claudeImage } from "./claude_image.ts";
import { machine, sessionNamespace } from "./session_machine.ts";
import type { RealCluster, TestNamespace } from "./test_namespace.ts";
import { addressSeenByNode, openWay } from "./way_here.ts";

/** The secrets that only the session's Secret may hold. */
export const planted = {
  "the dotenv value": "planted-dotenv-value-5d1f",
  "the git token": "ghp_plantedToken0123456789",
  "the API key": "sk-ant-planted-key-93ac71",
} as const;

/** A user's machine, and the user's synchronised folder. */
export interface Machine {
  kodama: SourceKodama;
  folder: string;
  /** `folder/site`. */
  site: string;
}

/** All of it; removed when it is disposed of. */
export class LifeStage implements AsyncDisposable {
  readonly hunt = new SecretHunt(planted);
  readonly #machines: Machine[] = [];

  private constructor(
    readonly namespace: TestNamespace,
    readonly folder: string,
    readonly model: ModelStandIn,
    readonly processes: ProcessLists,
    private readonly session: { repository: string; image: string },
    private readonly stack: AsyncDisposableStack,
  ) {}

  /** @param claude Claude Code's executable. */
  static async open(cluster: RealCluster, claude: string, answer: Answer): Promise<LifeStage> {
    await using stack = new AsyncDisposableStack();
    const namespace = stack.use(await sessionNamespace(cluster, "life"));
    const around = stack.use(await cluster.namespace("life-around"));
    const { path: folder } = stack.use(await TestFolder.open("kodama-life-"));
    const here = await addressSeenByNode(cluster);
    const model = stack.use(new ModelStandIn(answer, here, freePort()));
    const processes = stack.use(new ProcessLists());
    const asked = () => processes.take();
    const token = planted["the git token"];
    // The node forwards from the same ports, where its own programs may have connections at any other.
    const at = { hostname: here, port: freePort(), asked };
    const git = stack.use(await startGitServer(`${folder}/git`, token, at));
    const image = await claudeImage(claude, claudeVersion);
    const ports = [model.port, Number(new URL(git.url).port)];
    const host = await openWay(around, { here, ports });
    const session = { repository: git.repository.replace(here, host), image };
    const stage = new LifeStage(namespace, folder, model, processes, session, stack.move());
    await stage.#writeDotenv(host);
    return stage;
  }

  async #writeDotenv(host: string): Promise<void> {
    const variables = {
      ...this.model.environment,
      ANTHROPIC_BASE_URL: `http://${host}:${this.model.port}`,
      ANTHROPIC_API_KEY: planted["the API key"],
      DATABASE_PASSWORD: planted["the dotenv value"],
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}="${value}"\n`);
    await Deno.writeTextFile(`${this.folder}/.env`, lines.join(""));
  }

  /** Adds a machine with nothing but a kubeconfig. */
  async machine(name: string): Promise<Machine> {
    const folder = `${this.folder}/${name}`;
    const kodama = await machine(this.namespace, folder);
    const site = `${folder}/site`;
    await Deno.mkdir(site);
    const made = { kodama, folder, site };
    this.#machines.push(made);
    return made;
  }

  /** Returns the args that start the session from a machine. */
  startWords(name: string, prompt: string): string[] {
    const { repository, image } = this.session;
    const where = ["--repo", repository, "--image", image, "--sync", "site"];
    return ["start", name, ...where, "--env-file", "../.env", "--prompt", prompt];
  }

  /** The environment of that start, beside the machine's own. */
  readonly startEnvironment = { GITHUB_TOKEN: planted["the git token"] };

  /** Runs a command line on a machine, whatever its exit code. */
  async try(
    { kodama, folder }: Machine,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    const result = await kodama.run(words, { cwd: folder, env });
    const line = `kodama ${words[0]}`;
    this.hunt.look(`standard output of ${line}`, result.stdout);
    this.hunt.look(`standard error of ${line}`, result.stderr);
    return result;
  }

  /** Runs a command line that succeeds; returns its standard output. */
  async run(
    machine: Machine,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    return outputOf(words, await this.try(machine, words, env));
  }

  /** Runs a command line in a terminal. */
  terminal({ kodama, folder }: Machine, words: readonly string[]): Promise<PseudoTerminal> {
    return PseudoTerminal.open(kodama.args(words), { env: kodama.env, cwd: folder });
  }

  /** Returns a file of a session's workspace, as the cluster's own client sees it; empty if there is none. */
  async inPod(session: string, file: string): Promise<string> {
    const words = ["exec", `kodama-${session}`, "-c", "workspace", "--", "cat", file];
    return (await this.namespace.tryKubectl(...words)).stdout;
  }

  /** Searches the files of the machines, and all that kubectl prints of the namespace except Secrets. */
  async lookAround(): Promise<void> {
    for (const { kodama, site } of this.#machines) {
      await this.hunt.lookInFolder(kodama.configFolder);
      await this.hunt.lookInFolder(site);
    }
    const kinds = (await this.#kinds()).filter((kind) => kind !== "secrets");
    const kubectl = (...words: string[]) => this.namespace.kubectl(...words);
    this.hunt.look("kubectl get", await kubectl("get", kinds.join(","), "-o", "yaml"));
    this.hunt.look("kubectl describe", await kubectl("describe", "pods,configmaps,pvc"));
    for (const pod of (await kubectl("get", "pods", "-o", "name")).split("\n").filter(Boolean)) {
      this.hunt.look(`kubectl logs ${pod}`, await kubectl("logs", pod, "--all-containers"));
      const list = ["exec", pod, "--", "ps", "-eo", "args"];
      this.hunt.look(`processes of ${pod}`, await kubectl(...list));
    }
  }

  /** Returns the names of all objects of the namespace, of any kind, except events: `kind/name`. */
  async objects(): Promise<string[]> {
    const kinds = (await this.#kinds()).filter((kind) => !/^events/.test(kind));
    const names = await this.namespace.kubectl("get", kinds.join(","), "-o", "name");
    return names.split("\n").filter((name) => name !== "").sort();
  }

  /** Returns the content of a Secret, as kubectl prints it. */
  secret(session: string): Promise<string> {
    return this.namespace.kubectl("get", "secret", `kodama-env-${session}`, "-o", "yaml");
  }

  async #kinds(): Promise<string[]> {
    const kinds = await this.namespace.kubectl(
      ...["api-resources", "--namespaced", "--verbs=list", "-o", "name"],
    );
    return kinds.split("\n").filter((kind) => kind !== "");
  }

  /** After an interrupted life syncs still run; after a complete one there are none. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const machine of this.#machines) await this.try(machine, ["sync", "stop", "life"]);
    await this.stack.disposeAsync();
  }
}
