import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { simulatedHost, type SimulatedSurroundings } from "../testing/simulated_host.ts";
import { settingsOf, settingSources } from "./setting_sources.ts";

/** Returns the number of the repository's file that counts, and the notes; the working directory is /project. */
async function fanout(files: readonly string[], more: SimulatedSurroundings = {}) {
  const all = Object.fromEntries(files.map((path, at) => [path, `exec: {fanout: ${at + 1}}\n`]));
  const { host, notes } = simulatedHost({}, { files: all, ...more });
  return { fanout: (await settingsOf(host)).exec?.fanout, notes: [...notes] };
}

Deno.test("settings above the repository's root are ignored, and noted", async () => {
  assert.deepEqual(await fanout(["/.kodama.yaml"]), { fanout: 1, notes: [] });
  assert.deepEqual(await fanout(["/.kodama.yaml", "/project/.git"]), {
    fanout: 32,
    notes: ["/.kodama.yaml is ignored: it is above the repository /project"],
  });
  const both = await fanout(["/project/.kodama.yaml", "/.kodama.yaml", "/project/.git"]);
  assert.deepEqual(both, { fanout: 1, notes: [] });
});

Deno.test("settings that another user decides about are ignored, and noted", async () => {
  for (const why of ["owner", "mode"] as const) {
    const { fanout: counts, notes } = await fanout(["/project/.kodama.yaml", "/.kodama.yaml"], {
      controlledByOthers: { "/project/.kodama.yaml": why },
    });
    assert.equal(counts, 2);
    assert.match(
      notes.join(),
      /^\/project\/\.kodama\.yaml is ignored: .*(?:another user|all users)/,
    );
  }
});

Deno.test("folders that this user may not search, and files it may not read, stop nothing", async () => {
  const refused = () =>
    Promise.reject(
      new KodamaError("config", "cannot inspect it: Permission denied (os error 13)", {
        cause: new Deno.errors.PermissionDenied(),
      }),
    );
  const { host, notes } = simulatedHost({}, {
    files: {
      "/project/.kodama.yaml": "exec: {fanout: 1}\n",
      "/.kodama.yaml": "exec: {fanout: 2}\n",
    },
  });
  const { inspect, readText } = host.files;
  const closed = (path: string) => path.startsWith("/project/");
  const unsearchable = {
    ...host,
    files: { ...host.files, inspect: (path: string) => closed(path) ? refused() : inspect(path) },
  };
  assert.equal((await settingsOf(unsearchable)).exec?.fanout, 2);
  assert.deepEqual([...notes], []);
  const unreadable: Host = {
    ...host,
    files: {
      ...host.files,
      readText: (path, ...more) => closed(path) ? refused() : readText(path, ...more),
    },
  };
  assert.equal((await settingsOf(unreadable)).exec?.fanout, 2);
  assert.deepEqual([...notes], ["/project/.kodama.yaml is ignored: this user may not read it"]);
});

Deno.test("a note on a setting is shown once, whatever reads the settings", async () => {
  const files = { "/project/.kodama.yaml": "git: {secretName: payroll}\n" };
  const { host, notes } = simulatedHost({}, { files });
  await settingsOf(host);
  await settingsOf(host);
  assert.equal((await settingSources(host)).repository?.path, "/project/.kodama.yaml");
  assert.equal(notes.size, 1);
});

Deno.test("the user's own settings count with a note if all users may write to them", async () => {
  const { host, notes } = simulatedHost({}, {
    files: { "/config/config.yaml": "exec: {fanout: 3}\n" },
    controlledByOthers: { "/config/config.yaml": "mode" },
  });
  assert.equal((await settingsOf(host)).exec?.fanout, 3);
  assert.match([...notes].join(), /config.yaml counts, and all users may write to it/);
});
