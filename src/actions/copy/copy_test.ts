import assert from "node:assert/strict";
import type { LocalFiles } from "../../copy/local_files.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { cp } from "./copy.ts";
import type { CopyEvent, CopyOptions } from "./events.ts";
import { localPathOf, nameOf } from "./paths.ts";
import { simulatedHost } from "../testing/simulated_host.ts";

/** Returns a pod whose exec ends like this. */
function ends(end: PodScript["end"], more: Partial<PodScript> = {}): PodScript {
  return { openMs: 1, output: [], end, diesOn: "TERM", ...more };
}

const unused = () => Promise.reject(new Error("a test asked for what it doesn't have"));
const files: LocalFiles = {
  kindOf: () => Promise.resolve("file"),
  source: (path) =>
    Promise.resolve({
      kind: "file",
      size: 0,
      mode: 0o644,
      mtime: 0,
      key: path,
      checksum: undefined,
      read: async function* () {},
    }),
  partialFile: unused,
  unpackFolder: unused,
  crc32: unused,
  sha256: unused,
};

function optionsOf(options: Partial<CopyOptions> = {}): CopyOptions {
  return {
    contexts: [],
    selection: wholeSelection,
    way: { kind: "toPods", local: "./a", remote: "/tmp/" },
    checksum: "auto",
    retries: 2,
    signal: new AbortController().signal,
    ...options,
  };
}

async function copy(
  pods: Readonly<Record<string, PodScript>>,
  options: Partial<CopyOptions> = {},
): Promise<CopyEvent[]> {
  const { host, clock } = simulatedHost({ lab: { pods } });
  const local = { ...host, copyFiles: () => Promise.resolve(files) };
  return await clock.runUntil(Array.fromAsync(cp(local, optionsOf(options))));
}

function outcomesOf(events: readonly CopyEvent[]) {
  const last = events.at(-1);
  assert.ok(last?.kind === "runEnded", `${last?.kind}`);
  return { outcomes: last.outcomes, exitCode: last.exitCode };
}

Deno.test("an image without a shell is said to have none", async () => {
  const noShell = {
    kind: "refused" as const,
    status: {
      apiVersion: "v1" as const,
      kind: "Status" as const,
      metadata: {},
      status: "Failure" as const,
      message: 'exec: "sh": executable file not found in $PATH',
    },
  };
  const { outcomes, exitCode } = outcomesOf(await copy({ a: ends("hangs", { noShell }) }));
  const reason = "the image has no sh, which copying needs";
  assert.deepEqual(outcomes, [{ kind: "failed", exitCode: 127, reason }]);
  assert.equal(exitCode, 127);
});

Deno.test("a link that breaks is tried again, and then unknown: never ok", async () => {
  const events = await copy({ a: ends({ kind: "cut", reason: "gone" }) });
  const { outcomes, exitCode } = outcomesOf(events);
  assert.deepEqual(outcomes, [{ kind: "unknown", reason: "gone" }]);
  assert.equal(exitCode, 4);
  const notes = events.flatMap((event) => event.kind === "note" ? [event.text] : []);
  assert.deepEqual(notes, ["gone: going on", "gone: going on"]);
});

Deno.test("a copy isn't `ok` without the script's own confirmation", async () => {
  const pods = {
    a: ends({ kind: "exited", exitCode: 0 }),
    b: ends({ kind: "exited", exitCode: 0 }),
  };
  const { outcomes, exitCode } = outcomesOf(await copy(pods));
  assert.deepEqual(outcomes.map(({ kind }) => kind), ["failed", "failed"]);
  assert.equal(exitCode, 5);
});

Deno.test("a question that is answered with no copies nothing; out of pods there is none", async () => {
  const asked: number[] = [];
  const confirm: CopyOptions["confirm"] = {
    above: 1,
    ask: ({ scopes }) => {
      const names = scopes.flatMap(({ pods }) => pods);
      asked.push(names.length);
      return Promise.resolve(false);
    },
  };
  const pods = { a: ends("hangs"), b: ends("hangs") };
  assert.deepEqual(await copy(pods, { confirm }), []);
  assert.deepEqual(asked, [2]);
  const cut = { a: ends({ kind: "cut", reason: "x" }), b: ends({ kind: "cut", reason: "x" }) };
  const way = { kind: "fromPods", remote: "/x", local: ".", perPod: true } as const;
  assert.equal((await copy(cut, { confirm, way })).at(-1)?.kind, "runEnded");
  assert.deepEqual(asked, [2]);
});

Deno.test("a plan asks no pod", async () => {
  const [planned] = await copy({ a: ends("hangs") }, { planOnly: true });
  assert.ok(planned?.kind === "planned");
  assert.deepEqual(planned.copies, [{ from: "./a", to: "a:/tmp/" }]);
});

Deno.test("a signal ends a copy that hangs", async () => {
  const stop = new AbortController();
  const hanging = ends("hangs");
  const { host, clock } = simulatedHost({ lab: { pods: { a: hanging } } });
  clock.timer(100, () => stop.abort());
  const way = { kind: "fromPods", remote: "/x", local: ".", perPod: true } as const;
  const all: CopyOptions = {
    contexts: [],
    selection: wholeSelection,
    way,
    checksum: "auto",
    retries: 2,
    signal: stop.signal,
  };
  const local = { ...host, copyFiles: () => Promise.resolve(files) };
  const ended = outcomesOf(await clock.runUntil(Array.fromAsync(cp(local, all))));
  assert.deepEqual(ended, { outcomes: [{ kind: "cancelled" }], exitCode: 130 });
});

Deno.test("names and places of copies", () => {
  const names = { "/a/b": "b", "/a/b/": "b", "/a/.": ".", "/": ".", "..": ".", "a": "a" };
  for (const [path, name] of Object.entries(names)) assert.equal(nameOf(path), name, path);
  const target = { context: "c", namespace: "n", pod: "p", container: "k", node: "o", ip: "" };
  const at = (local: string, perPod: boolean) =>
    localPathOf({ kind: "fromPods", remote: "/x", local, perPod }, target, "n/p");
  assert.deepEqual([at("out", true), at("out/{pod}-{node}", true), at("out", false)], [
    "out/n_p/",
    "out/p-o",
    "out",
  ]);
  assert.equal(at("/", true), "/n_p/");
});

Deno.test("pods are looked for over the link that their copies go on with", async () => {
  const { host, clock } = simulatedHost({
    lab: { pods: { a: ends({ kind: "exited", exitCode: 1 }) } },
  });
  const asked: unknown[] = [];
  const opened = await host.kube(undefined);
  const forBulk = { ...opened };
  const watched = {
    ...host,
    copyFiles: () => Promise.resolve(files),
    kube: () => Promise.resolve({ ...opened, forBulk: () => forBulk }),
    select: (...[client, ...rest]: Parameters<typeof host.select>) => {
      asked.push(client);
      return host.select(client, ...rest);
    },
  };
  await clock.runUntil(Array.fromAsync(cp(watched, optionsOf())));
  assert.ok(asked.length > 0 && asked.every((client) => client === forBulk));
});
