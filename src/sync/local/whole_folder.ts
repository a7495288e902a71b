/** Folders that are too large to be synced: their files are replaced, and leave this machine. */

/**
 * Returns whether a folder contains more than a project: the whole machine, or the whole home folder; undefined for any
 * other. Links are followed, and a folder is recognised by any of its names. It needn't exist.
 *
 * @param folder absolute, as is `home`.
 */
export async function wholeOf(
  folder: string,
  home: string | undefined,
): Promise<"machine" | "home" | undefined> {
  const own = await identity(folder);
  if (/^(?:[A-Za-z]:)?\/*$/.test(folder) || own === await identity("/")) return "machine";
  if (home === undefined || home === "") return undefined;
  const above = [...ancestors(home), ...ancestors(await realPath(home))];
  const isAbove = (await Promise.all(above.map(identity))).includes(own);
  return isAbove ? "home" : undefined;
}

/** A folder and those that contain it. */
function ancestors(path: string): string[] {
  const names = path.replaceAll("\\", "/").split("/").filter((name) => name !== "");
  const start = path.startsWith("/") ? "/" : "";
  return names.map((_, at) => start + names.slice(0, at + 1).join("/"));
}

async function realPath(path: string): Promise<string> {
  return await Deno.realPath(path).catch(() => path);
}

/** The folder on its disk; its path if there is none, or if the system has no such numbers. */
async function identity(path: string): Promise<string> {
  const { dev, ino = null } = await Deno.stat(path).catch(() => ({ dev: 0, ino: null }));
  return ino === null ? path.replace(/(?<=.)\/+$/, "") : `${dev}:${ino}`;
}
