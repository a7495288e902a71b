/**
 * Two synchronisations with common folders on both sides: each would copy the other's files, and a folder that is
 * synced with another's subfolder would grow copies of itself without end. Pure.
 */
import { action, hint } from "../../base/hint.ts";
import { UsageError } from "../../base/errors.ts";
import { workspaceFolder } from "../../session/names.ts";
import type { SyncReport, SyncSpec } from "../../sync/daemon/model.ts";

type Sides = Pick<SyncSpec, "key" | "local" | "target" | "remotePath" | "session">;

/**
 * Throws UsageError, which names the other sync, if a running sync has folders in common with `spec` on both sides.
 *
 * @param reports all of this machine; a report of the same key is this sync's own.
 */
export function requireNoOverlap(spec: Sides, reports: readonly SyncReport[]): void {
  const other = reports.find((one) => one.pid !== null && overlap(spec, one.spec));
  if (other === undefined) return;
  const { key, local, target, remotePath } = other.spec;
  throw new UsageError(
    `${spec.local} and ${spec.target.pod}:${spec.remotePath} overlap with the sync ${key}, of ` +
      `${local} and ${target.pod}:${remotePath}`,
    {
      hint: hint`end that one first (${
        action("sync.stop", { key })
      }), or choose folders outside of its own`,
    },
  );
}

/** Returns whether a folder is, or is in, the other, on both sides. */
function overlap(one: Sides, other: Sides): boolean {
  const parts = ["context", "namespace", "pod", "container"] as const;
  return one.key !== other.key &&
    parts.every((part) => one.target[part] === other.target[part]) &&
    nested(normal(one.local), normal(other.local)) && nested(remoteOf(one), remoteOf(other));
}

/** Relative paths start in a container's working directory, which is known only for a session. */
function remoteOf({ remotePath, session }: Sides): string {
  const isAbsolute = remotePath.startsWith("/");
  return normal(isAbsolute || session === null ? remotePath : `${workspaceFolder}/${remotePath}`);
}

/** Returns the path without empty names and `.`, and with `..` resolved; ends with a slash. */
function normal(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  const start = path.startsWith("/") ? "/" : "./";
  return names.length === 0 ? start : `${start}${names.join("/")}/`;
}

function nested(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}
