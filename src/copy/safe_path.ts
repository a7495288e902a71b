/**
 * Checks names out of an archive that a pod made before they are used on this machine. Nothing of an archive may reach
 * a path outside of the folder that it is unpacked into.
 */
import { escapedName } from "./entry.ts";
import { TarError } from "./tar_header.ts";

/** The limit of file systems on a path (PATH_MAX). */
const maxPathBytes = 4096;
const slash = 0x2f;
const dot = 0x2e;

/**
 * Returns a copy of the path below the folder, without empty parts and dots; no bytes for the folder itself. Throws
 * {@link TarError} if it leads out of the folder.
 */
export function safePath(name: Uint8Array): Uint8Array {
  if (name[0] === slash) throw leadsOut(name);
  const path = new Uint8Array(name.length);
  let length = 0;
  for (let at = 0, end = 0; at < name.length; at = end + 1) {
    end = name.indexOf(slash, at);
    if (end < 0) end = name.length;
    if (isDots(name, at, end)) {
      if (end - at === 2) throw leadsOut(name);
      continue;
    }
    if (length > 0) path[length++] = slash;
    for (let from = at; from < end; from++) path[length++] = name[from] as number;
  }
  if (name.includes(0)) throw new TarError("a name in the archive holds a NUL");
  if (length > maxPathBytes) throw new TarError("a name in the archive is too long");
  return path.subarray(0, length);
}

/** Returns whether a part is empty, one dot, or two. */
function isDots(name: Uint8Array, at: number, end: number): boolean {
  for (let from = at; from < end; from++) {
    if (name[from] !== dot) return false;
  }
  return end - at <= 2;
}

function leadsOut(name: Uint8Array): TarError {
  return new TarError(`"${escapedName(name)}" in the archive leads out of the folder`);
}
