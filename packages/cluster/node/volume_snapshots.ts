/**
 * Snapshots of volumes: the cluster's stand-in for a CSI driver and its controllers. A claim is a folder, and so a
 * snapshot is a copy of one. https://kubernetes.io/docs/concepts/storage/volume-snapshots/
 */
import type { PersistentVolumeClaim } from "../../../src/kube/types.ts";
import type { KubeObject } from "../../../src/kube/types.ts";
import { type Store, type Stored, StoreError, timestamp } from "../model.ts";
import { resources } from "../resources.ts";
import type { Clock } from "../../../src/base/clock.ts";
import { findTools, removeFolder, requiredTool } from "./tools.ts";

/** The options of snapshots. Paths are absolute. */
interface VolumeSnapshotsOptions {
  store: Store;
  clock: Clock;
  claimsFolder: string;
  snapshotsFolder: string;
  /** The provisioner of its volumes. */
  driver: string;
}

const type = resources.volumeSnapshots;
const defaultClassKey = "snapshot.storage.kubernetes.io/is-default-class";

interface SnapshotSpec {
  source?: { persistentVolumeClaimName?: string };
  volumeSnapshotClassName?: string;
}

/** Takes requested snapshots, and removes deleted ones, until it is disposed of. */
export function runVolumeSnapshots(options: VolumeSnapshotsOptions): AsyncDisposable {
  const taker = new SnapshotTaker(options);
  const ended = taker.run();
  return {
    async [Symbol.asyncDispose]() {
      taker.stop();
      await ended;
    },
  };
}

class SnapshotTaker {
  readonly #end = new AbortController();

  constructor(private readonly options: VolumeSnapshotsOptions) {}

  stop(): void {
    this.#end.abort();
  }

  async run(): Promise<void> {
    const { store } = this.options;
    const { signal } = this.#end;
    const watched = [type, resources.persistentVolumeClaims, resources.volumeSnapshotClasses];
    while (!signal.aborted) {
      try {
        // From before the first list: later changes are handled after it.
        const changes = store.watch(watched, { since: store.resourceVersion, signal });
        await this.#reconcile();
        for await (const change of changes) {
          if (change.type === type && change.kind === "deleted") await this.#remove(change.object);
          await this.#reconcile();
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
      }
    }
  }

  async #reconcile(): Promise<void> {
    for (const { metadata } of this.options.store.list(type)) {
      if (this.#end.signal.aborted) return;
      const { namespace = "", name = "" } = metadata;
      const object = this.options.store.get(type, namespace, name);
      if (object === undefined || isReady(object)) continue;
      this.#write(object, await this.#taken(object));
    }
  }

  /** Returns the resulting status. */
  async #taken(snapshot: Stored): Promise<Record<string, unknown>> {
    const { metadata, spec } = snapshot;
    const { source, volumeSnapshotClassName } = (spec ?? {}) as SnapshotSpec;
    const refused = this.#refusal(volumeSnapshotClassName);
    if (refused !== undefined) return this.#failed(snapshot, refused);
    const { namespace = "", uid = "" } = metadata;
    const name = source?.persistentVolumeClaimName ?? "";
    const claim = this.options.store.get(resources.persistentVolumeClaims, namespace, name);
    const { status } = (claim ?? {}) as unknown as PersistentVolumeClaim;
    if (claim === undefined || status?.phase !== "Bound") {
      return this.#failed(snapshot, `the PVC ${name} is not yet bound to a PV`);
    }
    const { claimsFolder, snapshotsFolder } = this.options;
    const folder = `${claimsFolder}/${namespace}_${name}_${claim.metadata.uid ?? ""}`;
    try {
      await copyFolder(folder, `${snapshotsFolder}/${uid}`);
    } catch (error) {
      return this.#failed(snapshot, error instanceof Error ? error.message : String(error));
    }
    return {
      boundVolumeSnapshotContentName: `snapcontent-${uid}`,
      creationTime: timestamp(this.options.clock.now()),
      readyToUse: true,
      restoreSize: status.capacity?.["storage"] ?? "0",
    };
  }

  #refusal(className: string | undefined): string | undefined {
    const classes = this.options.store.list(resources.volumeSnapshotClasses);
    const own = classes.filter((one) => one["driver"] === this.options.driver);
    const found = className === undefined
      ? own.find(({ metadata }) => metadata.annotations?.[defaultClassKey] === "true")
      : own.find(({ metadata }) => metadata.name === className);
    if (found !== undefined) return undefined;
    return className === undefined
      ? "Failed to set default snapshot class with error cannot find default snapshot class"
      : `Failed to get snapshot class ${className} of driver ${this.options.driver}`;
  }

  #failed({ status }: Stored, message: string): Record<string, unknown> {
    const there = (status as { error?: { message?: string } } | undefined)?.error;
    // Writing the same message again would be a change, and trigger another run.
    if (there?.message === message) return status as Record<string, unknown>;
    const time = timestamp(this.options.clock.now());
    return { readyToUse: false, error: { message, time } };
  }

  #write(seen: Stored, status: Record<string, unknown>): void {
    if (seen["status"] === status) return;
    const { namespace = "", name = "", uid } = seen.metadata;
    const { store } = this.options;
    const now = store.get(type, namespace, name);
    if (now?.metadata.uid !== uid || now === undefined) return;
    store.update(type, { ...now, status } as KubeObject);
  }

  async #remove({ metadata }: Stored): Promise<void> {
    await removeFolder(`${this.options.snapshotsFolder}/${metadata.uid ?? ""}`);
  }
}

function isReady({ status }: Stored): boolean {
  return (status as { readyToUse?: boolean } | undefined)?.readyToUse === true;
}

/** Copies a folder with all its contents: whole, or not at all. A missing folder counts as empty. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const passing = `${to}.passing`;
  await removeFolder(passing);
  await Deno.mkdir(passing, { recursive: true });
  await Deno.chmod(passing, 0o777);
  if (await Deno.stat(from).catch(() => undefined) !== undefined) {
    const { success, stderr } = await new Deno.Command(requiredTool(await findTools(), "cp"), {
      args: ["-a", "--", `${from}/.`, passing],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) {
      await removeFolder(passing);
      throw new Error(`the volume can't be copied: ${new TextDecoder().decode(stderr).trim()}`);
    }
  }
  await Deno.rename(passing, to);
}
