/** The rig's cgroup: the parent of all its containers', in each hierarchy of this machine. */

/** Returns the mount path of each hierarchy, of cgroup v1 and v2. */
async function hierarchies(): Promise<string[]> {
  const mounts = await Deno.readTextFile("/proc/self/mounts");
  return mounts.split("\n")
    .map((line) => line.split(" "))
    .filter(([, , type]) => type === "cgroup" || type === "cgroup2")
    .map(([, path]) => path ?? "");
}

/** Removes the rig's cgroup. Its processes must have ended. */
export async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) await removeTree(`${hierarchy}/${name}`);
}

/** Returns the rig's cgroups that exist: none after `down`. */
export async function findCgroups(name: string): Promise<string[]> {
  const paths = (await hierarchies()).map((hierarchy) => `${hierarchy}/${name}`);
  const exist = await Promise.all(
    paths.map((path) => Deno.stat(path).then(() => true, () => false)),
  );
  return paths.filter((_, index) => exist[index]);
}

/** Removes a cgroup by removing its folder: the kernel's files inside are removed with it, children aren't. */
async function removeTree(path: string): Promise<void> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const entry of entries) {
    if (entry.isDirectory) await removeTree(`${path}/${entry.name}`);
  }
  await Deno.remove(path);
}
