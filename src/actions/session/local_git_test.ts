/** The working tree of a folder, by this machine's git. */
import assert from "node:assert/strict";
import type { Host } from "../host.ts";
import { workingTreeTop } from "./local_git.ts";

const { signal } = new AbortController();

Deno.test("the top of a working tree, behind links, and not that of a home folder", async () => {
  const root = await Deno.realPath(await Deno.makeTempDir({ prefix: "kodama-tree-" }));
  const home = `${root}/home`;
  const git = async (...args: string[]) => {
    const env = { PATH: Deno.env.get("PATH") ?? "", HOME: home, GIT_CONFIG_NOSYSTEM: "1" };
    const command = new Deno.Command("git", { args, clearEnv: true, env });
    const { code, stdout, stderr } = await command.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  };
  const host = (homeFolder: string) =>
    ({
      env: (name: string) => name === "HOME" ? homeFolder : undefined,
      machine: {
        findProgram: () => Promise.resolve("git"),
        capture: (_program: string, args: readonly string[]) => git(...args),
      },
    }) as unknown as Host;
  try {
    await Deno.mkdir(`${home}/work`, { recursive: true });
    await git("init", "-q", home);
    await Deno.mkdir(`${root}/clone/packages/api`, { recursive: true });
    await git("init", "-q", `${root}/clone`);
    await Deno.mkdir(`${home}/mono/deep`, { recursive: true });
    await git("init", "-q", `${home}/mono`);
    await Deno.mkdir(`${root}/plain`);
    await Deno.mkdir(`${root}/clone/evil/deep`, { recursive: true });
    await git("init", "-q", `${root}/clone/evil`);
    await git("-C", `${root}/clone/evil`, "config", "core.worktree", `${root}/clone`);
    await Deno.symlink(`${root}/clone`, `${root}/link`);
    await Deno.symlink(`${root}/clone/packages`, `${root}/packages`);
    await Deno.symlink(home, `${root}/house`);
    const rows: [folder: string, top: string | undefined][] = [
      ["clone", "clone"],
      ["clone/packages/api", "clone"],
      ["link/packages/api", "link"],
      // Two folders up from here isn't the clone.
      ["packages/api", "clone"],
      ["home/work", undefined],
      ["house/work", undefined],
      ["home", "home"],
      ["home/mono/deep", "home/mono"],
      ["plain", undefined],
      // Its settings name the project around it.
      ["clone/evil", "clone/evil"],
      ["clone/evil/deep", "clone/evil/deep"],
    ];
    for (const homeFolder of [home, `${root}/house`]) {
      for (const [folder, top] of rows) {
        const found = await workingTreeTop(host(homeFolder), `${root}/${folder}`, signal);
        assert.equal(found, top && `${root}/${top}`, folder);
      }
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
