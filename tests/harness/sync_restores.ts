/**
 * A folder of a pod, or the state of its sync on this machine, put back to an earlier time: no version of a file that
 * was on this machine is lost, in any mode, whether the sync runs meanwhile, was stopped, or was killed.
 */
import assert from "node:assert/strict";
import { runCommand } from "./command.ts";
import type { SourceKodama } from "./source_kodama.ts";

/** The machine, and a pod with sh and tar. */
interface Place {
  kodama: SourceKodama;
  /** An empty folder of this machine. */
  folder: string;
  pod: string;
  /** Runs a line of sh in the pod. */
  inPod: (line: string) => Promise<string>;
}

const modes = ["two-way-safe", "mirror", "pull"] as const;
const restored = ["folder", "replaced", "state", "both"] as const;
const runs = ["running", "stopped", "killed"] as const;

/** One combination. */
interface Case {
  mode: typeof modes[number];
  what: typeof restored[number];
  how: typeof runs[number];
}

/** All of them. */
export const restoreCases: readonly Case[] = modes.flatMap((mode) =>
  restored.flatMap((what) => runs.map((how) => ({ mode, what, how })))
);

/** Runs one; throws if a version is lost. */
export async function restoreCase(place: Place, { mode, what, how }: Case): Promise<void> {
  const { kodama, inPod, pod } = place;
  const name = `${mode}-${what}-${how}`;
  const here = `${place.folder}/${name}`;
  const there = `/tmp/${name}`;
  const states = `${kodama.configFolder}/sync`;
  const run = (...words: string[]) => kodama.succeed(words, { cwd: place.folder });
  const sync = () => run("sync", "start", here, `${pod}:${there}`, "--mode", mode, "--name", name);
  const flush = () => kodama.run(["sync", "flush", name], { cwd: place.folder });
  /** Runs a line in the folder from which the mode takes changes. */
  const edit = async (line: string) => {
    if (mode === "pull") return await inPod(`cd ${there}; ${line}`);
    return await shell(`cd '${here}'; ${line}`, kodama);
  };
  await Deno.mkdir(here);
  await inPod(`mkdir ${there}`);
  await edit("echo monday >a; echo monday-b >b; echo keep >keep");
  await sync();
  await inPod(`tar -C ${there} -cf /tmp/${name}.tar .`);
  await shell(`cp -a '${states}' '${place.folder}/${name}.state'`, kodama);
  await edit("echo tuesday >b; mkdir work; for t in 1 2 3; do echo new-$t >work/$t; done");
  assert.equal((await flush()).code, 0);
  if (how === "stopped" || what === "state" && how === "running") await run("sync", "stop", name);
  if (how === "killed") {
    const reports: { key: string; pid: number }[] = JSON.parse(
      await run("sync", "list", "-o", "json"),
    );
    const pid = reports.find(({ key }) => key.endsWith(`.${name}`))?.pid;
    assert.ok(pid !== undefined);
    Deno.kill(pid, "SIGKILL");
  }
  const clear = `cd ${there}; rm -rf ./* ./.[!.]*`;
  if (what === "folder" || what === "both") await inPod(`${clear}; tar -xf /tmp/${name}.tar`);
  if (what === "replaced") await inPod(`rm -rf ${there}; mkdir ${there}; echo image >${there}/a`);
  if (what === "state" || what === "both") {
    const own = `*.${name}`;
    await shell(
      `cd '${states}'; rm -rf ./${own}; cp -a '${place.folder}/${name}.state/'${own} .`,
      kodama,
    );
  }
  if (how !== "running" || what === "state" || what === "both") await sync();
  const flushed = await flush();
  await flush();
  const found = await shell(`cd '${here}'; find . -type f -exec cat {} +`, kodama);
  for (const text of ["monday", "tuesday", "keep", "new-1", "new-2", "new-3"]) {
    assert.match(found, new RegExp(`^${text}$`, "m"), `${name}: ${text}; ${flushed.stderr}`);
  }
  await run("sync", "stop", name, "--forget");
}

async function shell(line: string, { env }: SourceKodama): Promise<string> {
  const { code, stdout, stderr } = await runCommand(["sh", "-ec", line], { env });
  assert.equal(code, 0, `${line}: ${stderr}`);
  return stdout;
}
