/** Removes a rig, whole or broken, whatever the state of the driver that started it. */
import { findCgroups, removeCgroups } from "./cgroups.ts";
import { runAny } from "./host_commands.ts";
import type { Layout } from "./layout.ts";
import { killAndWait, markedProcesses } from "./processes.ts";

/**
 * Removes the rig. Its processes are found by the mark in their environment and not by a driver's record, so that none
 * is missed that was started a moment before a crash. The processes in the pods carry no mark; they live in the rig's
 * process namespace, and end with the holder of that.
 */
export async function down(layout: Layout): Promise<void> {
  // A killed driver's child may just have been starting another: repeat until there is none.
  for (let found = await markedProcesses(layout.id); found.length > 0;) {
    await Promise.all(found.map((process) => killAndWait(process)));
    found = await markedProcesses(layout.id);
  }
  await removeLink(layout.linkName);
  await removeCgroups(layout.cgroup);
  await Deno.remove(layout.state, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Returns what remains of a rig: nothing, after `down`. */
export async function remains(layout: Layout): Promise<string[]> {
  const processes = await markedProcesses(layout.id);
  const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n")
    .filter((line) => line.includes(layout.state));
  const link = await runAny(["ip", "link", "show", layout.linkName]);
  const state = await Deno.stat(layout.state).catch(() => undefined);
  return [
    ...processes.map((process) => `process ${process.pid}`),
    ...mounts.map((line) => `mount ${line}`),
    ...(await findCgroups(layout.cgroup)).map((path) => `cgroup ${path}`),
    ...(link.code === 0 ? [`network link ${layout.linkName}`] : []),
    ...(state === undefined ? [] : [`folder ${layout.state}`]),
  ];
}

/** Removes the link. It ends with the rig's network; only one that was created a moment before a crash remains. */
async function removeLink(name: string): Promise<void> {
  await runAny(["ip", "link", "delete", name]);
}
