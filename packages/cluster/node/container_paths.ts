/** Paths of a container whose root is a folder of this machine, as texts. Pure. */

/** Folders that each container has for itself, as far as it has them at all. */
export const ownFolders: readonly string[] = [
  "/tmp",
  "/var/tmp",
  "/root",
  "/home",
  "/mnt",
  "/srv",
];

/** The options of {@link ContainerPaths}. */
interface PathOptions {
  /** Absolute paths of files and folders that the container has for itself, beside {@link ownFolders}. */
  owned: readonly string[];
  /** Folders of the machine whose paths stay as they are, although they may be below one of the container's own. */
  machine: readonly string[];
}

/**
 * Translates the container's own paths in commands and variables. A path counts where a word or a value begins, quoted
 * or not (`--dir=/data`, `cd '/data/x'`, `A:/tmp`), and continues a word nowhere (`"$HOME"/tmp`). In a shell's line, a
 * text that only looks like a path is translated as well.
 */
export class ContainerPaths {
  readonly #pattern: RegExp;

  constructor(private readonly root: string, { owned, machine }: PathOptions) {
    const paths = [...ownFolders, ...owned.map((path) => path.replace(/\/+$/, ""))]
      .filter((path) => path !== "" && path !== "/")
      .sort((a, b) => b.length - a.length);
    const own = [...new Set(paths)].map(escapePattern).join("|");
    const kept = machine.map(escapePattern).join("|");
    this.#pattern = new RegExp(
      `(^|[\\s=:,;(<>|&{\`]|:-)(["']?)(?:((?:${kept})/)|(${own})(?![\\w.+@%-]))`,
      "g",
    );
  }

  /** Returns a text with the paths of this machine. */
  translate(text: string): string {
    return text.replace(
      this.#pattern,
      (whole, before: string, quote: string, machine: string | undefined, path: string) =>
        machine === undefined ? before + quote + this.root + path : whole,
    );
  }
}

/** Returns a text as a pattern that matches it, of JavaScript and of grep's basic kind. */
export function escapePattern(text: string): string {
  return text.replace(/[.*^$\\[\]]/g, "\\$&").replace(/[+?(){}|]/g, "[$&]");
}
