/**
 * The view that containers of `host` images have of the machine: its programs, a few files of its /etc, and no home
 * folder. Created once when the node starts, shared by all containers, read-only.
 */
/** Folders made by {@link prepareHostView}, and the mounts over them. */
export interface HostView {
  /** The lowest layer of a container's root with base `host`. */
  hostRoot: string;
  /** The same with base `scratch`: mount points and nothing else. */
  scratchRoot: string;
  /** Holds the files over which the machine's devices are mounted. */
  devices: string;
  /** Folders of the machine that each container gets with a writable layer of its own: `usr`, and others on older systems. */
  folders: readonly string[];
  /** Folders of the machine's /etc with many files: mounted read-only, instead of copied. */
  etcFolders: readonly string[];
  /** Top-level links: `bin` -> `usr/bin`. */
  links: ReadonlyMap<string, string>;
}

/** Devices that every container has, as the OCI specification lists them, with terminals. */
export const deviceFiles = ["null", "zero", "full", "random", "urandom", "tty"] as const;

const programFolders = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "nix"];
const emptyFolders = ["dev", "proc", "sys", "tmp", "run", "root", "home", "mnt", "opt", "srv"];
const scratchFolders = ["dev", "proc", "sys", "etc", "tmp"];
// The files that programs need, and none that names the machine's users or holds a key.
const etcFolderNames = ["alternatives", "ca-certificates", "pki", "ssl/certs"];
const etcFiles = [
  "bash.bashrc",
  "ca-certificates.conf",
  "debian_version",
  "alpine-release",
  "host.conf",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "localtime",
  "mime.types",
  "nsswitch.conf",
  "os-release",
  "profile",
  "protocols",
  "services",
  "shells",
  "ssl/openssl.cnf",
  "timezone",
];

/** Creates the folders below `folder`, which must not exist yet. */
export async function prepareHostView(folder: string): Promise<HostView> {
  const view = {
    hostRoot: `${folder}/root`,
    scratchRoot: `${folder}/scratch`,
    devices: `${folder}/dev`,
  };
  await makeFolders(view.hostRoot, [...emptyFolders, "etc", "var/tmp", "var/log", "var/lib"]);
  await makeFolders(view.scratchRoot, scratchFolders);
  await makeFolders(view.devices, ["pts", "shm"]);
  const links = new Map([["var/run", "/run"], ["var/lock", "/run/lock"]]);
  const folders: string[] = [];
  for (const name of programFolders) await seeProgramFolder(name, folders, links);
  for (const [name, target] of links) await Deno.symlink(target, `${view.hostRoot}/${name}`);
  for (const name of folders) await Deno.mkdir(`${view.hostRoot}/${name}`);
  for (const root of [view.hostRoot, view.scratchRoot]) await Deno.chmod(`${root}/tmp`, 0o1777);
  const etcFolders = await seeEtc(`${view.hostRoot}/etc`);
  await prepareDevices(view.devices);
  return { ...view, folders, etcFolders, links };
}

async function makeFolders(parent: string, names: readonly string[]): Promise<void> {
  for (const name of names) await Deno.mkdir(`${parent}/${name}`, { recursive: true });
}

async function seeProgramFolder(
  name: string,
  folders: string[],
  links: Map<string, string>,
): Promise<void> {
  const info = await Deno.lstat(`/${name}`).catch(() => undefined);
  if (info?.isSymlink) links.set(name, await Deno.readLink(`/${name}`));
  else if (info?.isDirectory) folders.push(name);
}

/** Copies the files and creates mount points for the folders, which it returns as paths below /etc. */
async function seeEtc(etc: string): Promise<string[]> {
  await Deno.mkdir(`${etc}/ssl`);
  for (const name of etcFiles) {
    // Unreadable or missing files are omitted: a container has to do without them.
    await Deno.copyFile(`/etc/${name}`, `${etc}/${name}`).catch(() => {});
  }
  const folders: string[] = [];
  for (const name of etcFolderNames) {
    if (!await Deno.stat(`/etc/${name}`).then((info) => info.isDirectory, () => false)) continue;
    await Deno.mkdir(`${etc}/${name}`);
    folders.push(name);
  }
  await Deno.writeTextFile(
    `${etc}/passwd`,
    // sshd separates its privileges by a user of this name.
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" +
      "sshd:x:74:65534:sshd:/run/sshd:/usr/sbin/nologin\n",
  );
  // Without it a library may report that root's account is locked.
  await Deno.writeTextFile(`${etc}/shadow`, "root:*:::::::\n");
  await Deno.writeTextFile(`${etc}/group`, "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
  return folders;
}

async function prepareDevices(folder: string): Promise<void> {
  for (const name of deviceFiles) await Deno.writeTextFile(`${folder}/${name}`, "");
  const links = { fd: "", stdin: "/0", stdout: "/1", stderr: "/2" };
  for (const [name, end] of Object.entries(links)) {
    await Deno.symlink(`/proc/self/fd${end}`, `${folder}/${name}`);
  }
  // A bind mount of the device itself doesn't find the file system of its terminals.
  await Deno.symlink("pts/ptmx", `${folder}/ptmx`);
}
