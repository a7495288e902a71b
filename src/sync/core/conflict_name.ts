/** Names of conflict copies: `name.conflict-SIDE-TIME`, made of characters that every system has. */
import type { Side } from "./model.ts";

/** The limit of most file systems on a name, less what a side's own temporary names add. */
const maxNameBytes = 240;
const encoder = new TextEncoder();

/** Names for the conflicts of a path. */
export const conflictName = {
  /** Returns the prefix of all conflict copies of this path and side. */
  prefix(path: string, side: Side): string {
    return `${shortened(path, side)}.conflict-${side}-`;
  },

  /** Returns whether a path's last name is a conflict copy's. */
  isOne(path: string): boolean {
    return path.includes(".conflict-") &&
      /\.conflict-(?:local|remote)-\d{8}T\d{6}Z(?:-\d+)?$/.test(path);
  },

  /** Returns the name for a time in milliseconds since 1970; `count` distinguishes names of the same time. */
  make(path: string, side: Side, now: number, count: number): string {
    const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
    return `${conflictName.prefix(path, side)}${time}${count === 1 ? "" : `-${count}`}`;
  },
};

function shortened(path: string, side: Side): string {
  const at = path.lastIndexOf("/") + 1;
  const room = maxNameBytes - `.conflict-${side}-20261121T131052Z-99999`.length;
  let name = path.slice(at);
  while (encoder.encode(name).length > room) name = [...name].slice(0, -1).join("");
  return path.slice(0, at) + name;
}
