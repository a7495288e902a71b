/** The Node object of this machine, and the lease that shows it is alive. */
import { delay } from "../../../src/base/abort.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type ResourceType, type Store, timestamp } from "../model.ts";
import { resources } from "../resources.ts";
import type { Clock } from "../../../src/base/clock.ts";
import type { Capabilities } from "./runtime.ts";

/** The kubelet renews its lease this often, and its lease lasts four times as long. */
const renewMs = 10_000;
const leaseSeconds = 40;
/** More than the 110 of a kubelet: worlds of some hundred pods have this one node alone. */
const maxPods = "500";

/** Registers the node and renews its lease. */
export class NodeRegistration {
  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly name: string,
    private readonly capabilities: Capabilities,
  ) {
    this.#put(resources.nodes, this.#node());
    this.#renew();
  }

  /** Renews the lease until the signal. */
  async keepAlive(signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await delay(this.clock, renewMs, signal);
        this.#renew();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #renew(): void {
    this.#put(resources.leases, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: this.name, namespace: "kube-node-lease" },
      spec: {
        holderIdentity: this.name,
        leaseDurationSeconds: leaseSeconds,
        renewTime: this.clock.now().toISOString().replace("Z", "000Z"),
      },
    });
  }

  #put(type: ResourceType, object: KubeObject): void {
    const { namespace = "", name = "" } = object.metadata;
    const present = this.store.get(type, namespace, name);
    if (present === undefined) this.store.create(type, object);
    else {
      const labels = { ...present.metadata.labels, ...object.metadata.labels };
      const annotations = { ...present.metadata.annotations, ...object.metadata.annotations };
      const metadata = { ...present.metadata, labels, annotations };
      this.store.update(type, { ...present, ...object, metadata });
    }
  }

  #node(): KubeObject {
    const os = Deno.build.os;
    const arch = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
    const memory = `${Math.floor(Deno.systemMemoryInfo().total / 1024)}Ki`;
    const capacity = { cpu: String(navigator.hardwareConcurrency), memory, pods: maxPods };
    const { capabilities } = this;
    return {
      apiVersion: "v1",
      kind: "Node",
      metadata: {
        name: this.name,
        labels: {
          "kubernetes.io/hostname": this.name,
          "kubernetes.io/os": os,
          "kubernetes.io/arch": arch,
        },
        annotations: {
          "kodama.dev/isolation": capabilities.isolation,
          ...(capabilities.isolation === "plain"
            ? { "kodama.dev/isolation-reason": capabilities.reason }
            : {}),
        },
      },
      spec: {},
      status: {
        capacity,
        allocatable: capacity,
        conditions: this.#conditions(),
        addresses: [
          { type: "InternalIP", address: "127.0.0.1" },
          { type: "Hostname", address: this.name },
        ],
        nodeInfo: {
          architecture: arch,
          operatingSystem: os,
          osImage: `${os} (embedded cluster)`,
          kernelVersion: Deno.osRelease(),
          kubeletVersion: "v1.32.0+kodama",
          kubeProxyVersion: "",
          containerRuntimeVersion: `kodama://${capabilities.isolation}`,
          bootID: "",
          machineID: "",
          systemUUID: "",
        },
      },
    };
  }

  #conditions() {
    const now = timestamp(this.clock.now());
    const condition = (type: string, status: string, reason: string, message: string) => ({
      type,
      status,
      reason,
      message,
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    });
    const sufficient = (type: string, word: string) =>
      condition(type, "False", `KubeletHas${word}`, `kubelet has ${word}`);
    return [
      sufficient("MemoryPressure", "SufficientMemory"),
      sufficient("DiskPressure", "NoDiskPressure"),
      sufficient("PIDPressure", "SufficientPID"),
      condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ];
  }
}
