/** Local shells in place of those of images, for scripts that run in pods. */

/** A shell, and the programs beside it. */
export interface ImageShell {
  name: string;
  /** Absolute path and first arguments. */
  args: readonly string[];
  /** `PATH` of the shell and its children. */
  path: string;
}

const machinePath = () => Deno.env.get("PATH") ?? "/usr/bin:/bin";

/** Returns all that this machine has: dash and bash with Debian's programs, and busybox alone, in the given folder. */
export async function imageShells(folder: string): Promise<ImageShell[]> {
  const path = machinePath();
  const shells: ImageShell[] = [];
  for (const name of ["dash", "bash"]) {
    const found = await findProgram(name);
    if (found !== undefined) shells.push({ name, args: [found], path });
  }
  const busybox = await busyboxShell(folder);
  return busybox === undefined ? shells : [...shells, busybox];
}

/** Returns busybox with only its own programs, which are linked in the folder; undefined if this machine has none. */
export async function busyboxShell(folder: string): Promise<ImageShell | undefined> {
  const busybox = await findProgram("busybox");
  if (busybox === undefined) return undefined;
  const { stdout } = await new Deno.Command(busybox, { args: ["--list"] }).output();
  for (const name of new TextDecoder().decode(stdout).trim().split("\n")) {
    await Deno.symlink(busybox, `${folder}/${name}`);
  }
  return { name: "busybox", args: [busybox, "sh"], path: folder };
}

/** Returns a local program's path; undefined if there is none of this name. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of machinePath().split(":")) {
    const file = `${folder}/${name}`;
    if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return file;
  }
  return undefined;
}
