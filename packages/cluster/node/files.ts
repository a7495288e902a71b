/** The files that a node writes itself: the folders of pods, and logs. */
import { removeFolder } from "./tools.ts";

/** An open file. */
export type NodeFile = Pick<Deno.FsFile, "read" | "write" | "seek" | "close"> & {
  stat(): Promise<{ size: number }>;
};

/** The files of this machine, or files in memory. Paths are absolute. */
export interface NodeFiles {
  /** Creates a folder and those above it. */
  createFolder(path: string): Promise<void>;
  /** Removes a folder with all its contents; it need not exist. */
  removeFolder(path: string): Promise<void>;
  /** Creates an empty file, or empties an existing one. */
  create(path: string): Promise<NodeFile>;
  /** Opens a file for reading. */
  open(path: string): Promise<NodeFile>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; it need not exist. */
  remove(path: string): Promise<void>;
}

/** The files of this machine. */
export const machineFiles: NodeFiles = {
  createFolder: (path) => Deno.mkdir(path, { recursive: true }),
  removeFolder,
  create: (path) => Deno.open(path, { write: true, create: true, truncate: true }),
  open: (path) => Deno.open(path),
  rename: (from, to) => Deno.rename(from, to),
  remove: (path) => Deno.remove(path).catch(() => {}),
};
