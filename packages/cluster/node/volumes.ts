/** A pod's volumes as folders of this machine. */
import type {
  Container,
  PersistentVolumeClaim,
  Pod,
  Volume,
  VolumeMount,
} from "../../../src/kube/types.ts";
import type { Store } from "../model.ts";
import { resources } from "../resources.ts";
import { expand, fieldValue, objectData } from "./environment.ts";
import type { Mount } from "./runtime.ts";
import { copyFolder } from "./volume_snapshots.ts";

/** A volume can't be created (yet); the message is the kubelet's. */
class VolumeError extends Error {
  override readonly name = "VolumeError";
}

/** The path of a volume. */
export type PreparedVolume = { kind: "folder"; path: string; readOnly: boolean } | {
  kind: "memory";
};

/** Options of {@link prepareVolumes}. */
interface VolumeOptions {
  store: Store;
  /** The pod's own folder; its volumes are removed with it. */
  podFolder: string;
  /** The folder of claims: they outlive their pods. */
  claimsFolder: string;
  /** The folder of copies of claims: {@link ./volume_snapshots.ts}. */
  snapshotsFolder: string;
}

/** Creates every volume of a pod. Throws {@link VolumeError} for the first that can't be created. */
export async function prepareVolumes(
  pod: Pod,
  options: VolumeOptions,
): Promise<Map<string, PreparedVolume>> {
  const volumes = new Map<string, PreparedVolume>();
  for (const volume of pod.spec?.volumes ?? []) {
    volumes.set(volume.name, await prepareVolume(pod, volume, options));
  }
  return volumes;
}

async function prepareVolume(
  pod: Pod,
  volume: Volume,
  options: VolumeOptions,
): Promise<PreparedVolume> {
  const path = `${options.podFolder}/volumes/${volume.name}`;
  if (volume.emptyDir !== undefined) {
    if (volume.emptyDir.medium === "Memory") return { kind: "memory" };
    await makeShared(path);
    return { kind: "folder", path, readOnly: false };
  }
  if (volume.persistentVolumeClaim !== undefined) {
    return await claimFolder(pod, volume.persistentVolumeClaim, options);
  }
  const files = projectedFiles(pod, volume, options.store);
  if (files === undefined) {
    const kind = Object.keys(volume).find((key) => key !== "name") ?? "unknown";
    throw new VolumeError(
      `MountVolume.SetUp failed for volume "${volume.name}": the embedded cluster has no volumes of the kind ${kind}`,
    );
  }
  await writeFiles(path, files);
  return { kind: "folder", path, readOnly: true };
}

async function makeShared(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chmod(path, 0o777);
}

async function claimFolder(
  pod: Pod,
  source: NonNullable<Volume["persistentVolumeClaim"]>,
  { store, claimsFolder, snapshotsFolder }: VolumeOptions,
): Promise<PreparedVolume> {
  const namespace = pod.metadata?.namespace ?? "";
  const claim = store.get(resources.persistentVolumeClaims, namespace, source.claimName);
  if (claim === undefined) {
    throw new VolumeError(`persistentvolumeclaim "${source.claimName}" not found`);
  }
  // Its name contains the uid: a claim created again under an old name starts empty.
  const path = `${claimsFolder}/${namespace}_${source.claimName}_${claim.metadata.uid ?? ""}`;
  if (await Deno.stat(path).catch(() => undefined) === undefined) {
    await fillFromSource(claim as unknown as PersistentVolumeClaim, path, {
      store,
      snapshotsFolder,
    });
  }
  await makeShared(path);
  return { kind: "folder", path, readOnly: source.readOnly ?? false };
}

/** Fills a claim's new folder: one that names a snapshot starts as a copy of it, when it is first used. */
async function fillFromSource(
  { spec, metadata }: PersistentVolumeClaim,
  path: string,
  { store, snapshotsFolder }: Pick<VolumeOptions, "store" | "snapshotsFolder">,
): Promise<void> {
  const source = spec?.dataSource ?? spec?.dataSourceRef;
  if (source === undefined) return;
  const { group, kind } = resources.volumeSnapshots;
  if (source.kind !== kind || source.apiGroup !== group) {
    throw new VolumeError(
      `the embedded cluster makes no volumes of the kind ${source.kind} of ${
        source.apiGroup ?? "the core group"
      }`,
    );
  }
  const snapshot = store.get(resources.volumeSnapshots, metadata?.namespace ?? "", source.name);
  const status = snapshot?.["status"] as { readyToUse?: boolean } | undefined;
  if (snapshot === undefined || status?.readyToUse !== true) {
    throw new VolumeError(`error getting snapshot ${source.name}: it is not ready to use`);
  }
  await copyFolder(`${snapshotsFolder}/${snapshot.metadata.uid ?? ""}`, path);
}

interface ProjectedFile {
  path: string;
  bytes: Uint8Array;
  mode: number;
}

type Source = NonNullable<NonNullable<Volume["projected"]>["sources"]>[number];

/** Returns the files of a volume that projects objects; undefined for a volume of another kind. */
function projectedFiles(pod: Pod, volume: Volume, store: Store): ProjectedFile[] | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) {
    return sourceFiles({ configMap }, configMap.defaultMode ?? 0o644, pod, store);
  }
  if (secret !== undefined) {
    const { secretName, ...rest } = secret;
    const source = {
      secret: { ...rest, ...(secretName === undefined ? {} : { name: secretName }) },
    };
    return sourceFiles(source, secret.defaultMode ?? 0o644, pod, store);
  }
  if (downwardAPI !== undefined) {
    return sourceFiles({ downwardAPI }, downwardAPI.defaultMode ?? 0o644, pod, store);
  }
  return projected?.sources?.flatMap((source) =>
    sourceFiles(source, projected.defaultMode ?? 0o644, pod, store)
  );
}

function sourceFiles(source: Source, mode: number, pod: Pod, store: Store): ProjectedFile[] {
  if (source.downwardAPI !== undefined) {
    return (source.downwardAPI.items ?? []).map((item) => ({
      path: item.path,
      bytes: new TextEncoder().encode(fieldValue(pod, item.fieldRef?.fieldPath ?? "") ?? ""),
      mode: item.mode ?? mode,
    }));
  }
  const [kind, reference] = source.secret !== undefined
    ? ["secret", source.secret] as const
    : ["configmap", source.configMap] as const;
  if (reference === undefined) return [];
  const type = kind === "secret" ? resources.secrets : resources.configMaps;
  const object = store.get(type, pod.metadata?.namespace ?? "", reference.name ?? "");
  if (object === undefined) {
    if (reference.optional === true) return [];
    throw new VolumeError(`${kind} "${reference.name ?? ""}" not found`);
  }
  const data = objectData(object);
  const items = reference.items ?? [...data.keys()].map((key) => ({ key, path: key }));
  return items.flatMap((item: { key: string; path: string; mode?: number }) => {
    const bytes = data.get(item.key);
    if (bytes !== undefined) return [{ path: item.path, bytes, mode: item.mode ?? mode }];
    if (reference.optional === true) return [];
    throw new VolumeError(`references non-existent ${kind} key: ${item.key}`);
  });
}

async function writeFiles(folder: string, files: readonly ProjectedFile[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  for (const { path, bytes, mode } of files) {
    if (path.split("/").includes("..") || path.startsWith("/")) {
      throw new VolumeError(`invalid path "${path}": it must stay below the volume`);
    }
    const whole = `${folder}/${path}`;
    await Deno.mkdir(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    await Deno.remove(whole).catch(() => {});
    await Deno.writeFile(whole, bytes, { mode });
  }
}

/** Returns the mounts of a container. Throws {@link VolumeError} if a mount doesn't name a volume of the pod. */
export async function containerMounts(
  container: Container,
  volumes: ReadonlyMap<string, PreparedVolume>,
  env: Readonly<Record<string, string>>,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) {
      throw new VolumeError(`volumeMount "${mount.name}" names no volume of the pod`);
    }
    mounts.push(await resolveMount(mount, volume, env));
  }
  // A mount below another must come after it.
  return mounts.sort((a, b) => a.target.length - b.target.length);
}

async function resolveMount(
  mount: VolumeMount,
  volume: PreparedVolume,
  env: Readonly<Record<string, string>>,
): Promise<Mount> {
  const target = mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`;
  if (volume.kind === "memory") return { source: "", target, readOnly: false, kind: "memory" };
  const subPath = mount.subPathExpr === undefined
    ? mount.subPath ?? ""
    : expand(mount.subPathExpr, env);
  if (subPath.split("/").includes("..")) {
    throw new VolumeError(`must not contain '..': subPath "${subPath}"`);
  }
  const source = subPath === "" ? volume.path : `${volume.path}/${subPath}`;
  const info = await Deno.stat(source).catch(() => undefined);
  if (info === undefined) await makeShared(source);
  // A link that a container created in the volume must not lead out of it.
  const [real, root] = await Promise.all([Deno.realPath(source), Deno.realPath(volume.path)]);
  if (real !== root && !real.startsWith(`${root}/`)) {
    throw new VolumeError(`subPath "${subPath}" leads out of the volume`);
  }
  return {
    source: real,
    target,
    readOnly: volume.readOnly || mount.readOnly === true,
    kind: info?.isFile ? "file" : "folder",
  };
}
