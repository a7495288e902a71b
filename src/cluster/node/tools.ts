/** The machine's programs that create containers. */

const names = [
  "chmod",
  "cp",
  "hostname",
  "mkdir",
  "mount",
  "nsenter",
  "script",
  "setsid",
  "sh",
  "stty",
  "tty",
  "unshare",
] as const;

/** A program that the node may call. */
export type ToolName = typeof names[number];

/** Absolute paths of the programs that this machine has. */
export type Tools = Partial<Record<ToolName, string>>;

// The node's own programs come from the system's folders only: a user's PATH may hold wrappers.
const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/run/current-system/sw/bin"];

/** Resolves the path of every {@link ToolName}. */
export async function findTools(): Promise<Tools> {
  const found: Tools = {};
  await Promise.all(names.map(async (name) => {
    for (const folder of folders) {
      if (await isFile(`${folder}/${name}`)) {
        found[name] = `${folder}/${name}`;
        return;
      }
    }
  }));
  return found;
}

/** Returns the path of a required program. */
export function required(tools: Tools, name: ToolName): string {
  const path = tools[name];
  if (path === undefined) {
    throw new Error(`this machine has no "${name}" in ${folders.join(", ")}: install it`);
  }
  return path;
}

/** Returns whether a path leads to a file, through links. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

/** Quotes args as one line for a POSIX shell. */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}
