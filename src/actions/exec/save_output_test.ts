/** Outputs in separate files, and the groups of equal ones with their differences. */
import { wholeSelection } from "../../kube/select/target.ts";
import assert from "node:assert/strict";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { exec } from "./exec.ts";
import type { ExecEvent, ExecOptions } from "./events.ts";
import { OutputFiles } from "./save_output.ts";
import { simulatedHost, type SimulatedSurroundings } from "../testing/simulated_host.ts";

function says(stdout: string, stderr = ""): PodScript {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    openMs: 1,
    output: [
      { afterMs: 1, stream: "stdout", bytes: bytes(stdout.slice(0, 3)) },
      { afterMs: 1, stream: "stderr", bytes: bytes(stderr) },
      { afterMs: 1, stream: "stdout", bytes: bytes(stdout.slice(3)) },
    ],
    end: { kind: "exited", exitCode: 0 },
    diesOn: "TERM",
  };
}

const pods = { "w-0": says("first\n"), "w-1": says("first\n", "oh\n"), "../w": says("other\n") };

async function run(options: Partial<ExecOptions>, surroundings: SimulatedSurroundings = {}) {
  const { host, clock, files } = simulatedHost({ c: { pods } }, surroundings);
  const signal = new AbortController().signal;
  const all = { contexts: [], selection: wholeSelection, command: ["id"], signal, ...options };
  const events: ExecEvent[] = [];
  const done = (async () => {
    for await (const event of exec(host, all)) events.push(event);
  })();
  const error = await clock.runUntil(done).then(() => undefined, (error: unknown) => error);
  const saved = [...files].filter(([path]) => !path.startsWith("/config/"));
  return { events, error, saved: Object.fromEntries(saved), clock };
}

Deno.test("each target's streams are files of their own, whatever the target is called", async () => {
  const { saved, error } = await run({ outputFolder: { path: "out", replace: false } });
  assert.equal(error, undefined);
  assert.deepEqual(saved, {
    "/project/out/w-0.stdout": "first\n",
    "/project/out/w-0.stderr": "",
    "/project/out/w-1.stdout": "first\n",
    "/project/out/w-1.stderr": "oh\n",
    "/project/out/%2E._w.stdout": "other\n",
    "/project/out/%2E._w.stderr": "",
  });
});

Deno.test("files of an earlier run are an error before anything runs, or replaced", async () => {
  const files = { "/o/w-1.stderr": "mine" };
  const refused = await run({ outputFolder: { path: "/o", replace: false } }, { files });
  assert.match(String(refused.error), /\/o\/w-1\.stderr already exists/);
  assert.deepEqual(refused.events, []);
  assert.deepEqual(refused.saved, files);
  const { saved } = await run({ outputFolder: { path: "/o", replace: true } }, { files });
  assert.equal(saved["/o/w-1.stderr"], "oh\n");
});

Deno.test("a target that fails leaves the files of an earlier run, and its own as incomplete", async () => {
  const failing: PodScript = { ...says("header\n"), end: { kind: "exited", exitCode: 1 } };
  const files = { "/o/db-0.stdout": "all\n" };
  const { host, clock, files: saved } = simulatedHost({ c: { pods: { "db-0": failing } } }, {
    files,
  });
  const events = exec(host, {
    contexts: [],
    selection: wholeSelection,
    command: ["id"],
    signal: new AbortController().signal,
    outputFolder: { path: "/o", replace: true },
  });
  const seen = await clock.runUntil(Array.fromAsync(events));
  assert.deepEqual(seen.filter(({ kind }) => kind === "outputIncomplete"), [
    { kind: "outputIncomplete", paths: ["/o/db-0.stdout.incomplete"] },
  ]);
  const outputs = [...saved].filter(([path]) => path.startsWith("/o/"));
  assert.deepEqual(Object.fromEntries(outputs), {
    ...files,
    "/o/db-0.stdout.incomplete": "header\n",
  });
});

Deno.test("a full disk is the error of the run, names the file, and ends what runs", async () => {
  const { error, events, clock } = await run({ outputFolder: { path: "/o", replace: false } }, {
    fullDisk: (path) => path === "/o/w-0.stdout",
  });
  assert.match(String(error), /cannot write \/o\/w-0\.stdout: No space left on device/);
  assert.ok(!events.some(({ kind }) => kind === "runEnded"));
  assert.equal(clock.waiting, 0, "something still runs");
});

Deno.test("groups have their differences if `--diff` is given", async () => {
  const { events } = await run({ outputMode: "fold", diff: true });
  const [folded] = events.filter((event) => event.kind === "folded");
  assert.deepEqual(folded?.groups.map(({ names, diff }) => [names, diff?.kind]), [
    ["w-[0-1]", "reference"],
    ["../w", "unified"],
  ]);
});

Deno.test("a target whose second file can't be made leaves its first one closed", async () => {
  const { host } = simulatedHost({});
  const open = new Set<string>();
  const draft = (path: string) => {
    if (path.endsWith(".stderr")) return Promise.reject(new Error("no room"));
    open.add(path);
    const close = () => Promise.resolve(void open.delete(path));
    const file = {
      write: () => Promise.resolve(),
      complete: close,
      keep: () => close().then(() => undefined),
    };
    return Promise.resolve({ ...file, [Symbol.asyncDispose]: close });
  };
  const folder = { path: "/o", replace: false };
  await using files = new OutputFiles({ ...host, files: { ...host.files, draft } }, folder);
  await assert.rejects(files.begin(0, "w-0"), /no room/);
  assert.deepEqual([...open], []);
});
