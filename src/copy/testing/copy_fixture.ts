/** Copies between folders of this machine, the second seen through kodama's scripts. */
import assert from "node:assert/strict";
import { checksumMaker, checksumNamed, checksumPreferences } from "../checksum.ts";
import type { OpenCopyScript } from "../pod_script.ts";
import { openPodSource } from "../from_pod.ts";
import type { Checksums, CopyTotals, Meter } from "../source.ts";
import { saveFile, saveSparse, saveTree } from "../to_local.ts";
import { sendFile, sendTree } from "../to_pod.ts";
import { localCopyFiles } from "../local/files.ts";

/** The files of this machine. */
export const files = localCopyFiles();

/** Counts the moved bytes. */
export class CountingMeter implements Meter {
  movedBytes = 0;
  moved(bytes: number): void {
    this.movedBytes += bytes;
  }
  restarted(): void {}
}

/** Checksums as the action hands them in. */
export function checksums(choice: keyof typeof checksumPreferences = "auto"): Checksums {
  return {
    wanted: checksumPreferences[choice].join(" "),
    async maker(word) {
      const name = checksumNamed(word);
      return name === undefined ? undefined : { name, make: await checksumMaker(name, files) };
    },
  };
}

/** Copies the files at a path of this machine to the remote end. */
export async function upload(
  from: string,
  to: {
    open: OpenCopyScript;
    path: string;
    name: string;
    meter?: Meter;
    choice?: "auto" | "sha256" | "none";
  },
): Promise<CopyTotals> {
  const source = await files.source(from);
  const meter = to.meter ?? new CountingMeter();
  const destination = { ...to, meter, checksums: checksums(to.choice) };
  return source.kind === "file"
    ? await sendFile(source, destination)
    : await sendTree(source, destination);
}

/** Copies the files at a path of the remote end to a path of this machine. */
export async function download(
  from: { open: OpenCopyScript; path: string; choice?: "auto" | "sha256" | "none" },
  to: string,
  meter: Meter = new CountingMeter(),
): Promise<CopyTotals> {
  const origin = { ...from, checksums: checksums(from.choice), identity: "test" };
  await using opened = await openPodSource(origin);
  const { source } = opened;
  if (source.kind === "tree") {
    await using folder = await files.unpackFolder(to, source.key);
    return await saveTree(source, folder, meter);
  }
  await using partial = await files.partialFile(to, source.key);
  return source.kind === "file"
    ? await saveFile(source, partial, meter)
    : await saveSparse(source, partial, meter);
}

/** All that is below a folder: kind, mode, time in seconds, and content. */
export async function treeAt(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const look = async (path: string): Promise<void> => {
    const full = path === "" ? root : `${root}/${path}`;
    const info = await Deno.lstat(full);
    const mode = ((info.mode ?? 0) & 0o777).toString(8);
    const time = Math.floor((info.mtime?.getTime() ?? 0) / 1000);
    if (info.isSymlink) found[path] = `link ${time} ${await Deno.readLink(full)}`;
    else if (info.isDirectory) {
      found[path] = `folder ${mode} ${time}`;
      for await (const { name } of Deno.readDir(full)) {
        await look(path === "" ? name : `${path}/${name}`);
      }
    } else {
      const bytes = await Deno.readFile(full);
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      found[path] = `file ${mode} ${time} ${bytes.length} ${hash}`;
    }
  };
  await look("");
  return found;
}

/** Names in a folder that are kodama's own: none may be left. */
export async function assertNothingLeft(folder: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  assert.deepEqual(names.filter((name) => name.startsWith(".kodama-")), []);
}
