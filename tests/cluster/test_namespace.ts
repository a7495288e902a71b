/** The fixture of a test against a real cluster: kubectl, and a namespace of its own. */
import { hangTimeout } from "../harness/hang_limit.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { type CommandOptions, type CommandResult, run, runAny } from "./host_commands.ts";
import { identify, isAlive } from "./processes.ts";

/** Set for tests that run on a real cluster: the kubeconfig, and the matching kubectl. */
export const kubeconfigVariable = "KODAMA_TEST_KUBECONFIG";
/** See {@link kubeconfigVariable}; `kubectl` if it isn't set. */
export const kubectlVariable = "KODAMA_TEST_KUBECTL";
/** Set if the cluster is a rig: with its images, and its faults are available. */
export const rigVariable = "KODAMA_TEST_RIG";

/** On each namespace of a test: the process that created it, to identify those of a killed run. */
const ownerLabel = "kodama.test/owner";

/** A real cluster, as the environment names it. */
export class RealCluster {
  constructor(readonly kubeconfig: string, readonly program: string) {}

  /** Returns the cluster for this run, or undefined if tests are to run without one. */
  static fromEnvironment(): RealCluster | undefined {
    const kubeconfig = Deno.env.get(kubeconfigVariable);
    if (!kubeconfig) return undefined;
    return new RealCluster(kubeconfig, Deno.env.get(kubectlVariable) ?? "kubectl");
  }

  /** Returns the args that run kubectl on this cluster. */
  words(...args: string[]): string[] {
    return [this.program, "--kubeconfig", this.kubeconfig, ...args];
  }

  /** Returns kubectl's standard output. @throws if it fails */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<string> {
    return run(this.words(...args), options);
  }

  /** Creates a namespace that ends with its scope, or with the next {@link RealCluster.removeAbandoned}. */
  async namespace(purpose: string): Promise<TestNamespace> {
    const owner = await identify(Deno.pid);
    const suffix = crypto.getRandomValues(new Uint8Array(4)).toHex();
    const name = `kodama-${purpose}-${suffix}`;
    await this.kubectl(["create", "-f", "-"], {
      stdin: JSON.stringify({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { [ownerLabel]: `${owner?.pid}-${owner?.startTicks}` } },
      }),
    });
    const namespace = new TestNamespace(this, name);
    await namespace.kubectl("wait", "--for=create", "serviceaccount/default", hangTimeout);
    return namespace;
  }

  /** Removes namespaces of runs that were killed. Only on a rig: elsewhere their process is on another machine. */
  async removeAbandoned(): Promise<void> {
    const list: { items: { metadata: { name: string; labels: Record<string, string> } }[] } = JSON
      .parse(await this.kubectl(["get", "namespaces", "-l", ownerLabel, "-o", "json"]));
    const abandoned: string[] = [];
    for (const { metadata } of list.items) {
      const [pid, startTicks] = (metadata.labels[ownerLabel] ?? "").split("-").map(Number);
      if (pid === undefined || startTicks === undefined) continue;
      if (!await isAlive({ pid, startTicks })) abandoned.push(metadata.name);
    }
    if (abandoned.length > 0) await this.kubectl(["delete", "namespace", ...abandoned]);
  }
}

/** A namespace of one test. */
export class TestNamespace implements AsyncDisposable {
  constructor(readonly cluster: RealCluster, readonly name: string) {}

  /** Returns the args that run kubectl in this namespace. */
  words(...args: string[]): string[] {
    return this.cluster.words("--namespace", this.name, ...args);
  }

  /** Returns kubectl's standard output. @throws if it fails */
  kubectl(...args: string[]): Promise<string> {
    return run(this.words(...args));
  }

  /** Returns kubectl's outcome, whatever its exit code. */
  tryKubectl(...args: string[]): Promise<CommandResult> {
    return runAny(this.words(...args));
  }

  /** Creates objects without waiting for them. */
  async create(...objects: Record<string, unknown>[]): Promise<void> {
    const list = { apiVersion: "v1", kind: "List", items: objects };
    await run(this.words("create", "-f", "-"), { stdin: JSON.stringify(list) });
  }

  /** Creates a pod of one container and waits until it is ready. */
  async startPod(name: string, container: Record<string, unknown>, spec = {}): Promise<void> {
    await this.create(waitingPod(name, container, spec));
    await this.kubectl("wait", "--for=condition=Ready", `pod/${name}`, hangTimeout);
  }

  /** Deletes the namespace; the cluster deletes its contents in its own time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.kubectl([
      ...["delete", "namespace", this.name, "--wait=false", "--ignore-not-found"],
    ]);
  }
}
