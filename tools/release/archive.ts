/** Archives whose bytes depend on nothing but names, modes and content of the files. */
import { runProgram } from "./run_program.ts";

/**
 * Writes a tar archive of `names` below `folder` (all of it by default), by GNU tar: sorted, owned by root, all files
 * of one time.
 *
 * @param seconds since 1970: the time of every file.
 */
export async function writeTar(
  path: string,
  folder: string,
  { seconds, names = ["."] }: { seconds: number; names?: readonly string[] },
): Promise<void> {
  await runProgram([
    ...["tar", "--format=ustar", "--sort=name", `--mtime=@${seconds}`],
    ...["--owner=0", "--group=0", "--numeric-owner", "-C", folder, "-cf", path, ...names],
  ]);
}

/** Compresses a file with gzip, as this version of Deno does, without the file's name or time. */
export async function gzipFile(from: string, to: string): Promise<void> {
  const source = await Deno.open(from);
  const target = await Deno.open(to, { write: true, create: true, truncate: true });
  await source.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(target.writable);
}

/** Writes a compressed archive; see {@link writeTar}. */
export async function writeTarGz(
  path: string,
  folder: string,
  options: { seconds: number; names?: readonly string[] },
): Promise<void> {
  const tar = `${path}.tar`;
  await writeTar(tar, folder, options);
  await gzipFile(tar, path);
  await Deno.remove(tar);
}

/** Writes an archive, compressed by xz: the smallest, and the slowest to make; see {@link writeTar}. */
export async function writeTarXz(
  path: string,
  folder: string,
  options: { seconds: number; names?: readonly string[] },
): Promise<void> {
  const tar = path.replace(/\.xz$/, "");
  await writeTar(tar, folder, options);
  // More threads would make other bytes, and a larger file.
  await runProgram(["xz", "--threads=1", tar]);
}

/** Returns a file's SHA-256 in hexadecimal. */
export async function fileSha256(path: string): Promise<string> {
  return (await runProgram(["sha256sum", path])).slice(0, 64);
}
