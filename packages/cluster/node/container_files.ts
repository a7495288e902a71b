/** The folders of one container on disk, and the mount table of its root. */
import type { HostView } from "./host_view.ts";
import { removeFolder } from "./tools.ts";
import type { ContainerSetup, Mount } from "./runtime.ts";

/** A container's folders. */
export interface ContainerFiles {
  /** The mount path of its root, in its own mount namespace only. */
  root: string;
  fstab: string;
  /** Removes the container's files. */
  remove(): Promise<void>;
}

/** Options of {@link prepareContainerFiles}. */
export interface FileOptions {
  folder: string;
  view: HostView;
  /** Overlays in a user namespace store their marks in user attributes. */
  userNamespace: boolean;
}

/** Creates the folders and writes the table. */
export async function prepareContainerFiles(
  setup: ContainerSetup,
  { folder, view, userNamespace }: FileOptions,
): Promise<ContainerFiles> {
  const host = setup.image.base === "host";
  const layers = host ? ["", ...view.folders] : [""];
  const root = `${folder}/root`;
  const mountedRoot = fstabField(root);
  // A container never outlives its mounts, so its writes need not reach the disk before they end.
  const options = `volatile${userNamespace ? ",userxattr" : ""}`;
  const lines: string[] = [];
  await Deno.mkdir(root, { recursive: true });
  for (const layer of layers) {
    const name = layerName(layer);
    for (const part of ["upper", "work"]) {
      await Deno.mkdir(`${folder}/${part}.${name}`, { recursive: true });
    }
    const base = layer === "" ? host ? view.hostRoot : view.scratchRoot : `/${layer}`;
    const lower = await linkLowerFolders(setup.image.rootfs, layer, { base, folder });
    lines.push(
      `overlay ${layerPath(mountedRoot, layer)} overlay lowerdir=${lower.join(":")},` +
        `upperdir=upper.${name},workdir=work.${name},${options}`,
    );
  }
  const points = new MountPoints(folder, host ? view : undefined, setup.mounts);
  await writeIdentity(points, setup.hostname);
  lines.push(
    `proc ${mountedRoot}/proc proc nosuid,nodev,noexec`,
    `${fstabField(view.devices)} ${mountedRoot}/dev none rbind`,
    `shm ${mountedRoot}/dev/shm tmpfs nosuid,nodev,size=64m`,
  );
  for (const mount of setup.mounts) lines.push(mountLine(mount, root, await points.make(mount)));
  if (host) {
    for (const name of view.etcFolders) {
      lines.push(`/etc/${name} ${mountedRoot}/etc/${name} none bind,ro`);
    }
  }
  const fstab = `${folder}/fstab`;
  await Deno.writeTextFile(fstab, lines.map((line) => `${line} 0 0\n`).join(""));
  return { root, fstab, remove: () => removeFolder(folder) };
}

function layerName(layer: string): string {
  return layer === "" ? "root" : layer;
}

function layerPath(root: string, layer: string): string {
  return layer === "" ? root : `${root}/${layer}`;
}

/**
 * Returns the layers below the container's own, as names of links in its folder, relative to the folder from which they
 * are mounted: a path may hold a blank, a comma or a colon, each of which ends something in an overlay's options.
 */
async function linkLowerFolders(
  rootfs: string | undefined,
  layer: string,
  { base, folder }: { base: string; folder: string },
): Promise<string[]> {
  const own = rootfs === undefined ? undefined : layerPath(rootfs, layer);
  const exists = own !== undefined &&
    await Deno.stat(own).then((info) => info.isDirectory, () => false);
  const name = layerName(layer);
  const links: [name: string, target: string][] = [
    ...(exists && own !== undefined ? [[`image.${name}`, own] as [string, string]] : []),
    [`base.${name}`, base],
  ];
  for (const [link, target] of links) await Deno.symlink(target, `${folder}/${link}`);
  return links.map(([link]) => link);
}

/** Creates mount points in the container's own layers before those are mounted: that saves a process for each. */
class MountPoints {
  constructor(
    private readonly folder: string,
    private readonly view: HostView | undefined,
    private readonly mounts: readonly Mount[],
  ) {
  }

  /** Returns the path in the writable layer for a path of the container. */
  inLayer(target: string): { layer: string; path: string } {
    const [top = "", ...rest] = target.split("/").filter((part) => part !== "");
    const linked = this.view?.links.get(top);
    const parts = linked === undefined ? [top, ...rest] : [...linked.split("/"), ...rest];
    const [first = "", ...below] = parts.filter((part) => part !== "");
    const path = [first, ...below].join("/");
    return this.view?.folders.includes(first)
      ? { layer: `${this.folder}/upper.${first}/${below.join("/")}`, path }
      : { layer: `${this.folder}/upper.root/${path}`, path };
  }

  /** Creates the mount point, and returns its path below the root. */
  async make(mount: Mount): Promise<string> {
    const { layer: own, path } = this.inLayer(mount.target);
    const layer = this.#inMountAround(mount) ?? own;
    if (mount.kind === "file") {
      await Deno.mkdir(layer.slice(0, layer.lastIndexOf("/")), { recursive: true });
      await Deno.writeTextFile(layer, "", { append: true });
    } else {
      await Deno.mkdir(layer, { recursive: true });
    }
    return path;
  }

  /** Returns the path below an enclosing volume: a runtime creates the mount point in that one's files. */
  #inMountAround({ target }: Mount): string | undefined {
    const around = this.mounts.findLast((one) =>
      one.kind === "folder" && target.startsWith(`${one.target}/`)
    );
    return around && `${around.source}${target.slice(around.target.length)}`;
  }
}

function mountLine({ source, readOnly, kind }: Mount, root: string, path: string): string {
  const target = fstabField(`${root}/${path}`);
  if (kind === "memory") return `tmpfs ${target} tmpfs nosuid,nodev`;
  return `${fstabField(source)} ${target} none bind${readOnly ? ",ro" : ""}`;
}

async function writeIdentity(points: MountPoints, hostname: string): Promise<void> {
  const { layer } = points.inLayer("/etc");
  await Deno.mkdir(layer, { recursive: true });
  await Deno.writeTextFile(`${layer}/hostname`, `${hostname}\n`);
  await Deno.writeTextFile(
    `${layer}/hosts`,
    `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.0.1\t${hostname}\n`,
  );
  const resolver = await Deno.readTextFile("/etc/resolv.conf").catch(() => "");
  await Deno.writeTextFile(`${layer}/resolv.conf`, resolver);
}

/** Returns a path as one field of a table of mounts: blanks escaped by fstab(5). */
export function fstabField(path: string): string {
  return path.replace(
    /[\\ \t\n]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
}
