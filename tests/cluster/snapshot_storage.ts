/**
 * Storage with snapshots, on the rig, for the tests that need it: Kubernetes' own csi-provisioner, csi-snapshotter and
 * snapshot-controller, with a driver whose volumes are folders. Built and started when a test requests it.
 */
import { hangTimeout } from "../harness/hang_limit.ts";
import { ensureBuilt, goBuild, goSources, sourceKey } from "./executables.ts";
import { startInside, stopInside } from "./holder.ts";
import { run, runAny } from "./host_commands.ts";
import { findLayout, type Layout, nodeName } from "./layout.ts";
import { provisionerName } from "./parts.ts";
import { killAndWait, type ProcessId, until } from "./processes.ts";
import { readState, type RigState } from "./state.ts";
import type { RealCluster } from "./test_namespace.ts";

/** The name of the driver, of its StorageClass and of its VolumeSnapshotClass. */
export const snapshotStorage = {
  driver: "folder.kodama.test",
  storageClass: "folder-snapshots",
  snapshotClass: "folder-snapshots",
} as const;

const source = `${goSources}storage/`;
const inputs = ["go.mod", "go.sum", "main.go", "controller.go", "folders.go", "node.go"];
const csi = "github.com/kubernetes-csi";
const tools = [
  `${csi}/external-provisioner/v6/cmd/csi-provisioner`,
  `${csi}/external-snapshotter/v8/cmd/csi-snapshotter`,
  `${csi}/external-snapshotter/v8/cmd/snapshot-controller`,
];
const kinds = ["volumesnapshots", "volumesnapshotclasses", "volumesnapshotcontents"];

/** The storage, while it runs. Disposing of it ends its processes, and removes its kinds from the cluster. */
export class SnapshotStorage implements AsyncDisposable {
  private constructor(
    private readonly cluster: RealCluster,
    private readonly layout: Layout,
    private readonly parts: readonly ProcessId[],
    private readonly definitions: string,
  ) {}

  /** Starts it on the rig. @throws if there is no rig, or a part doesn't start. */
  static async start(cluster: RealCluster): Promise<SnapshotStorage> {
    const layout = await findLayout();
    const state = await readState(layout);
    if (state === undefined) throw new Error("the rig isn't up: deno task cluster:real up");
    const folder = await built(layout.cache);
    await endAbandoned(layout);
    const definitions = `${folder}/definitions`;
    await cluster.kubectl(["apply", "--server-side", "-f", definitions]);
    // `kubectl wait` fails on a definition that has no conditions yet.
    const names = kinds.map((kind) => `crd/${kind}.snapshot.storage.k8s.io`);
    const condition = '{range .items[*]}{.status.conditions[?(@.type=="Established")].status}{end}';
    await until("the kinds of snapshots to be served", async () => {
      const words = ["get", ...names, "-o", `jsonpath=${condition}`];
      return await cluster.kubectl(words) === "True".repeat(kinds.length);
    });
    await cluster.kubectl(["apply", "-f", "-"], { stdin: objects() });
    const parts = await startParts(layout, state, folder);
    const storage = new SnapshotStorage(cluster, layout, parts, definitions);
    await until(`kubelet to know the driver (see ${layout.logs}/storage.log)`, async () => {
      const words = ["get", "csinode", nodeName, "-o", "jsonpath={.spec.drivers[*].name}"];
      const { stdout } = await runAny(cluster.words(...words));
      return stdout.includes(snapshotStorage.driver);
    });
    return storage;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#emptied();
      await this.cluster.kubectl(["delete", "-f", "-", "--ignore-not-found"], { stdin: objects() });
      const flags = ["--ignore-not-found", hangTimeout];
      await this.cluster.kubectl(["delete", ...flags, "-f", this.definitions]);
    } finally {
      await Promise.all(this.parts.map((part) => stopInside(part, "SIGKILL")));
      await Deno.remove(recordOf(this.layout));
    }
  }

  /**
   * Until it is disposed of, the class is the rig's ordinary provisioner's, which creates empty volumes in any case.
   */
  async passOverSources(): Promise<AsyncDisposable> {
    await this.#remakeClass(provisionerName);
    return { [Symbol.asyncDispose]: () => this.#remakeClass(snapshotStorage.driver) };
  }

  async #remakeClass(provisioner: string): Promise<void> {
    const object = JSON.stringify(storageClass(provisioner));
    // The provisioner of an existing class can't be changed.
    await this.cluster.kubectl(["replace", "--force", "-f", "-"], { stdin: object });
  }

  /** While the parts run: without them no one removes their objects, and their kinds would never be deleted. */
  async #emptied(): Promise<void> {
    const all = ["--all", "--all-namespaces", hangTimeout];
    await this.cluster.kubectl(["delete", "volumesnapshots", ...all]);
    await until("the driver's snapshots and volumes to go", async () => {
      const contents = await this.#names("volumesnapshotcontents", "{.items[*].metadata.name}");
      const volumes = await this.#names("persistentvolumes", "{.items[*].spec.csi.driver}");
      return contents === "" && !volumes.includes(snapshotStorage.driver);
    });
  }

  #names(resource: string, path: string): Promise<string> {
    return this.cluster.kubectl(["get", resource, "-o", `jsonpath=${path}`]);
  }
}

/** Returns the folder of the programs, and of their kinds' definitions, which are in the module of their client. */
async function built(cache: string): Promise<string> {
  const key = await sourceKey(source, inputs);
  return await ensureBuilt(`${cache}/bin/storage-${key}`, async (to) => {
    await goBuild(source, [".", ...tools], `${to}/`);
    const module = `${csi}/external-snapshotter/client/v8`;
    const words = ["go", "list", "-m", "-f", "{{.Dir}}", module];
    const folder = (await run(words, { cwd: source })).trim();
    await Deno.mkdir(`${to}/definitions`);
    for (const kind of kinds) {
      const name = `snapshot.storage.k8s.io_${kind}.yaml`;
      const text = await Deno.readTextFile(`${folder}/config/crd/${name}`);
      await Deno.writeTextFile(`${to}/definitions/${name}`, text);
    }
  });
}

function recordOf(layout: Layout): string {
  return `${layout.state}/storage.json`;
}

/** Ends those of a test that was killed: two of a kind would conflict. */
async function endAbandoned(layout: Layout): Promise<void> {
  const text = await Deno.readTextFile(recordOf(layout)).catch(() => "[]");
  const parts: ProcessId[] = JSON.parse(text);
  await Promise.all(parts.map((part) => killAndWait(part)));
}

async function startParts(
  layout: Layout,
  { holder }: RigState,
  folder: string,
): Promise<ProcessId[]> {
  const plugins = "/var/lib/kubelet/plugins";
  const socket = `${plugins}/${snapshotStorage.driver}.sock`;
  await Deno.mkdir(`${layout.state}${plugins}`, { recursive: true });
  const kubeconfig = `--kubeconfig=${layout.state}/keys/provisioner.kubeconfig`;
  const beside = [kubeconfig, `--csi-address=${socket}`];
  const words = {
    "storage": [
      `--name=${snapshotStorage.driver}`,
      `--node=${nodeName}`,
      "--root=/var/lib/storage",
      `--socket=${socket}`,
      `--registration-socket=${plugins}_registry/${snapshotStorage.driver}-reg.sock`,
    ],
    "snapshot-controller": [kubeconfig, "--leader-election=false"],
    "csi-snapshotter": [...beside, "--leader-election=false"],
    "csi-provisioner": [...beside, "--leader-election=false"],
  };
  const parts: ProcessId[] = [];
  for (const [name, flags] of Object.entries(words)) {
    parts.push(await startInside(layout, holder, name, [`${folder}/${name}`, ...flags]));
    await Deno.writeTextFile(recordOf(layout), JSON.stringify(parts));
  }
  return parts;
}

function storageClass(provisioner: string) {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: snapshotStorage.storageClass },
    provisioner,
    volumeBindingMode: "WaitForFirstConsumer",
  };
}

/** Returns the manifests of the driver for kubelet, and of the classes by which it is requested. */
function objects(): string {
  const { driver, snapshotClass } = snapshotStorage;
  const asDefault = { "snapshot.storage.kubernetes.io/is-default-class": "true" };
  return [
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: driver },
      spec: { attachRequired: false, fsGroupPolicy: "File" },
    },
    storageClass(driver),
    {
      apiVersion: "snapshot.storage.k8s.io/v1",
      kind: "VolumeSnapshotClass",
      metadata: { name: snapshotClass, annotations: asDefault },
      driver,
      deletionPolicy: "Delete",
    },
  ].map((object) => JSON.stringify(object)).join("\n---\n");
}
