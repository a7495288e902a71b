/**
 * Faults for tests on the rig: parts that die or stop answering, containers that are killed, links that are cut or
 * slow. Each is undone at the end of its scope (`await using`).
 */
import { runtimeSocket } from "./container_runtime.ts";
import { inside, startInside, stopInside } from "./holder.ts";
import { run, runAny } from "./host_commands.ts";
import { findLayout, type Layout, network, nodeName } from "./layout.ts";
import { partArguments, type PartName } from "./parts.ts";
import { identify, signalProcess, until } from "./processes.ts";
import { locked, readState, type RigState, writeState } from "./state.ts";
import { RealCluster } from "./test_namespace.ts";
import { untilServing } from "./up.ts";

/** The link whose packets are dropped. */
export type CutPlace =
  /** Between this machine and the API server: as for a laptop without a network. */
  | "client"
  /** Between the API server and kubelet: lists continue, execs and logs don't. */
  | "node";

/** The packets of each link to the server, and those from there. */
const filterPlaces: Record<CutPlace, readonly string[][]> = {
  client: [
    ["INPUT", "-i", "machine", "--dport", String(network.apiPort)],
    ["OUTPUT", "-o", "machine", "--sport", String(network.apiPort)],
  ],
  node: [["INPUT", "--dport", "10250"], ["INPUT", "--sport", "10250"]],
};

/** The parts that depend on the API server. */
const followers = [
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "provisioner",
] as const satisfies readonly PartName[];

/** A running rig, for faults. At the end of its scope it is as it was before. */
export class FaultyRig implements AsyncDisposable {
  #wasOut = false;

  private constructor(private readonly layout: Layout, private readonly state: RigState) {}

  /** Opens the rig of this checkout. @throws if it isn't up. */
  static async find(): Promise<FaultyRig> {
    const layout = await findLayout();
    const state = await readState(layout);
    if (state === undefined) throw new Error("the rig isn't up: deno task cluster:real up");
    return new FaultyRig(layout, state);
  }

  /** Kills a part as a crash would, and starts it again at the end of the scope. */
  kill(name: PartName): Promise<AsyncDisposable> {
    this.#wasOut ||= name === "kube-apiserver";
    return this.#hurt(
      () => stopInside(this.#part(name), "SIGKILL"),
      () => this.#startAgain(name),
    );
  }

  /**
   * After each outage the clients of the API server reconnect later, after up to a minute (client-go's back-off, which
   * only two quiet minutes reset). They are restarted, so that the next test doesn't wait for them.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#wasOut) return;
    await Promise.all(followers.map((name) => this.restart(name)));
    this.#wasOut = false;
  }

  /** Stops a part gracefully, and starts it at once. */
  async restart(name: PartName): Promise<void> {
    await using _ended = await this.#hurt(
      () => stopInside(this.#part(name), "SIGTERM"),
      () => this.#startAgain(name),
    );
  }

  /** Suspends a part without ending it: its connections stay, and nothing answers on them. */
  freeze(name: PartName): Promise<AsyncDisposable> {
    const part = this.#part(name);
    this.#wasOut ||= name === "kube-apiserver";
    const stop = async () => {
      if (!await signalProcess(part, "SIGSTOP")) throw new Error(`${name} has ended already`);
    };
    const resume = async () => {
      await signalProcess(part, "SIGCONT");
      await this.#untilAnswers(name);
    };
    return this.#hurt(stop, resume);
  }

  /** Kills the first process of a container, as the kernel does when memory is exhausted. */
  async killContainer(namespace: string, pod: string, container: string): Promise<void> {
    const path = `{.status.containerStatuses[?(@.name=="${container}")].containerID}`;
    const words = ["--namespace", namespace, "get", "pod", pod, "-o", `jsonpath=${path}`];
    const id = (await this.#cluster().kubectl(words)).replace("containerd://", "");
    if (id === "") throw new Error(`${namespace}/${pod} has no running container "${container}"`);
    const ctr = ["ctr", "--address", runtimeSocket, "--namespace", "k8s.io"];
    await run(inside(this.state.holder, [...ctr, "task", "kill", "--signal", "SIGKILL", id]));
  }

  /** Drops every packet of a link, without notice to either side. */
  cut(place: CutPlace): Promise<AsyncDisposable> {
    return this.#filter(filterPlaces[place], ["-j", "DROP"]);
  }

  /** Drops a share (0 to 1) of the packets of a link, each way. */
  lose(place: CutPlace, share: number): Promise<AsyncDisposable> {
    const sometimes = ["-m", "statistic", "--mode", "random", "--probability", String(share)];
    return this.#filter(filterPlaces[place], [...sometimes, "-j", "DROP"]);
  }

  /** Answers each packet towards the server with a reset: connections break at once, and new ones are refused. */
  refuse(place: CutPlace): Promise<AsyncDisposable> {
    const [towards = []] = filterPlaces[place];
    return this.#filter([towards], ["-j", "REJECT", "--reject-with", "tcp-reset"]);
  }

  /** Limits the link from the API server to this machine, in bytes a second. */
  throttle(bytesPerSecond: number): Promise<AsyncDisposable> {
    const shape = ["rate", `${bytesPerSecond * 8}bit`, "burst", "32kbit", "latency", "400ms"];
    const change = (verb: string, words: readonly string[]) =>
      this.#inside(["tc", "qdisc", verb, "dev", "machine", "root", ...words]);
    return this.#hurt(() => change("add", ["tbf", ...shape]), () => change("del", []));
  }

  #filter(places: readonly string[][], rule: readonly string[]): Promise<AsyncDisposable> {
    const change = async (verb: string) => {
      for (const [chain = "", ...where] of places) {
        await this.#inside(["iptables", "--wait", verb, chain, "-p", "tcp", ...where, ...rule]);
      }
    };
    return this.#hurt(() => change("--insert"), () => change("--delete"));
  }

  /** Records the fault first: if this process is killed before it undoes it, `up` creates the rig again. */
  async #hurt(
    hurt: () => Promise<void>,
    undo: () => Promise<void>,
  ): Promise<AsyncDisposable> {
    await Deno.mkdir(this.layout.faults, { recursive: true });
    const note = `${this.layout.faults}/${crypto.randomUUID()}`;
    await Deno.writeTextFile(note, JSON.stringify(await identify(Deno.pid)));
    await hurt();
    return {
      [Symbol.asyncDispose]: async () => {
        await undo();
        await Deno.remove(note);
      },
    };
  }

  async #inside(command: readonly string[]): Promise<void> {
    await run(inside(this.state.holder, command));
  }

  #part(name: PartName) {
    const part = this.state.parts[name];
    if (part === undefined) throw new Error(`the rig has no part ${name}`);
    return part;
  }

  #cluster(): RealCluster {
    return new RealCluster(this.layout.kubeconfig, this.state.kubectl);
  }

  async #startAgain(name: PartName): Promise<void> {
    await locked(this.layout, async () => {
      const words = [this.state.executable, name, ...partArguments(this.layout)[name]];
      const part = await startInside(this.layout, this.state.holder, name, words);
      this.state.parts[name] = part;
      await writeState(this.layout, this.state);
    });
    await this.#untilAnswers(name);
  }

  /** Waits until a part answers: the next test must find the rig as it was. */
  async #untilAnswers(name: PartName): Promise<void> {
    await untilServing(this.layout, this.state.server);
    if (name !== "kubelet") return;
    // A kubelet that has just started answers that no pod exists, until it has listed them all.
    await until("kubelet to know its pods", async () => {
      const known = new Set(await this.#podIds(`/api/v1/nodes/${nodeName}/proxy/pods`));
      const running = await this.#podIds("/api/v1/pods?fieldSelector=status.phase%3DRunning");
      return running !== undefined && running.every((id) => known.has(id));
    });
  }

  /** Returns the ids of the pods in a list, or undefined if there is no answer. */
  async #podIds(path: string): Promise<string[] | undefined> {
    const { code, stdout } = await runAny(this.#cluster().words("get", "--raw", path));
    if (code !== 0) return undefined;
    const list: { items: { metadata: { uid: string } }[] | null } = JSON.parse(stdout);
    return (list.items ?? []).map((pod) => pod.metadata.uid);
  }
}
