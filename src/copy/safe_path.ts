/**
 * Names out of an archive that a pod made, and what may become of them on this machine. Nothing of an archive may
 * reach a place outside of the folder that it is unpacked into.
 */
import { escapedName } from "./entry.ts";
import { TarError } from "./tar_header.ts";

/** Parts of a path, as file systems bound it (PATH_MAX). */
const maxPathBytes = 4096;
const slash = 0x2f;
const dot = 0x2e;

/** The path below the folder; no bytes for the folder itself. Throws {@link TarError} for one that leads out of it. */
export function safePath(name: Uint8Array): Uint8Array {
  const parts = partsOf(name);
  const leads = name[0] === slash || parts.some(isDotDot);
  if (leads) throw new TarError(`"${escapedName(name)}" in the archive leads out of the folder`);
  if (name.includes(0)) throw new TarError("a name in the archive holds a NUL");
  const kept = parts.filter((part) => !(part.length === 1 && part[0] === dot));
  const path = joinParts(kept);
  if (path.length > maxPathBytes) throw new TarError("a name in the archive is too long");
  return path;
}

function partsOf(name: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at <= name.length;) {
    const end = name.indexOf(slash, at);
    const part = name.subarray(at, end < 0 ? name.length : end);
    if (part.length > 0) parts.push(part);
    if (end < 0) break;
    at = end + 1;
  }
  return parts;
}

function isDotDot(part: Uint8Array): boolean {
  return part.length === 2 && part[0] === dot && part[1] === dot;
}

function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only.slice();
  const length = parts.reduce((sum, part) => sum + part.length + 1, 0);
  const whole = new Uint8Array(Math.max(0, length - 1)).fill(slash);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length + 1;
  }
  return whole;
}
