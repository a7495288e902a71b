/** The folder that a session is synced with: never a whole machine or home folder. */
import assert from "node:assert/strict";
import type { SyncControl } from "../../sync/daemon/model.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { chosenSync } from "./sync_folder.ts";

const scope = { repository: undefined, signal: new AbortController().signal };

/** A home folder that is a project, with a project in it. */
function hostIn(workingDir: string) {
  const files = { "/home/me/.git": "", "/home/me/app/.git": "" };
  const { host } = simulatedHost({}, { files });
  const wholeOf = (folder: string) =>
    Promise.resolve(({ "/": "machine", "/home/me": "home" } as const)[folder]);
  return {
    ...host,
    places: { ...host.places, workingDir },
    sync: () => Promise.resolve({ wholeOf } as unknown as SyncControl),
    copyFiles: () => Promise.resolve({ kindOf: () => Promise.resolve("folder") }),
  } as unknown as typeof host;
}

Deno.test("`chosenSync()` takes a project unasked, and no home folder that is one", async () => {
  const unspecified = { kind: "unspecified" } as const;
  const app = await chosenSync(hostIn("/home/me/app"), unspecified, scope);
  assert.deepEqual([app.enabled, app.localPath], [true, "/home/me/app"]);
  const home = await chosenSync(hostIn("/home/me"), unspecified, scope);
  assert.deepEqual(home, {
    enabled: false,
    isClone: false,
    why: "/home/me is the whole home folder",
  });
});

Deno.test("`chosenSync()` refuses a whole machine or home folder that is named", async () => {
  const rows: [path: string, message: RegExp][] = [
    ["/", /the whole machine/],
    ["../..", /the whole machine/],
    [".", /the whole home folder/],
    ["/home/me/app/..", /the whole home folder/],
  ];
  for (const [path, message] of rows) {
    const choice = chosenSync(hostIn("/home/me"), { kind: "folder", path }, scope);
    await assert.rejects(choice, { kind: "usage", message }, path);
  }
});
