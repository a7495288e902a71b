/** `cluster up`, `status` and `down` with a real process in the background. */
import { processList } from "./harness/process_lists.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../src/base/errors.ts";
import { clusterDown, clusterStatus, clusterUp } from "../packages/cluster/control/control.ts";
import { processStart } from "../src/daemon/process_identity.ts";
import { systemClock } from "../src/base/clock.ts";
import { runCommand } from "./harness/command.ts";
import { filePath } from "../src/files/file_path.ts";

const serve = filePath(new URL("harness/serve_cluster.ts", import.meta.url));
const config = filePath(new URL("../deno.json", import.meta.url));

function control(folder: string, world: string, keep: "keep" | "begin" = "begin") {
  const command = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--config",
    config,
    "-P=cluster",
    serve,
    folder,
    world,
    keep,
  ];
  return { folder, world, command, clock: systemClock, signal: new AbortController().signal };
}

/** Processes whose command line or root names the folder: what a cluster could have left behind. */
async function processesOf(folder: string): Promise<string[]> {
  return (await processList()).filter((args) => args.includes(folder));
}

/**
 * Waits, at the end of its scope, for the handles of all processes that were started in it: they are closed some time
 * after a process is gone.
 */
function awaitedChildren(): AsyncDisposable {
  const { spawn } = Deno.Command.prototype;
  const children: Deno.ChildProcess[] = [];
  Deno.Command.prototype.spawn = function () {
    const child = spawn.call(this);
    children.push(child);
    return child;
  };
  return {
    async [Symbol.asyncDispose]() {
      Deno.Command.prototype.spawn = spawn;
      for (const child of children) {
        child.ref();
        await child.status;
      }
    },
  };
}

Deno.test("a cluster is started once, found by every caller, and leaves nothing behind", async () => {
  await using _children = awaitedChildren();
  const folder = await Deno.makeTempDir({ prefix: "kodama-background-" });
  try {
    const options = control(folder, "fleet:drives=4");
    const both = await Promise.allSettled([
      Array.fromAsync(clusterUp(options)),
      Array.fromAsync(clusterUp(options)),
    ]);
    const [first = [], second = []] = both.map((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value;
    });
    const kinds = [first[0]?.kind, second[0]?.kind].sort();
    assert.deepEqual(kinds, ["joined", "starting"]);
    const last = first.at(-1);
    assert.ok(last?.kind === "ready");
    assert.deepEqual(last.record.pods, { ready: 4, expected: 4 });
    assert.deepEqual(second.at(-1), last);
    assert.deepEqual(await clusterStatus({ folder }), { phase: "ready", record: last.record });

    const { mode } = await Deno.stat(last.record.kubeconfig);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.equal((await Deno.stat(folder)).mode! & 0o077, 0);

    const other = await Array.fromAsync(clusterUp(control(folder, "empty"))).catch((e) => e);
    assert.ok(other instanceof KodamaError && other.kind === "conflict");
    assert.equal(
      other.message,
      "the cluster runs with the world fleet:drives=4, not with empty",
    );

    const down = await Array.fromAsync(clusterDown(options));
    assert.deepEqual(down.map(({ kind }) => kind), ["stopping", "stopped"]);
    assert.equal(await processStart(last.record.pid), undefined);
    assert.deepEqual(await processesOf(folder), []);
    const { stdout: mounts } = await runCommand(["cat", "/proc/mounts"], { env: {} });
    assert.ok(!mounts.includes(folder), mounts);
    assert.deepEqual(await clusterStatus({ folder }), { phase: "stopped" });
  } finally {
    await Array.fromAsync(clusterDown(control(folder, "empty")));
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a cluster whose process was killed is stale: the next `up` starts it again", async () => {
  await using _children = awaitedChildren();
  const folder = await Deno.makeTempDir({ prefix: "kodama-background-" });
  try {
    const options = control(folder, "empty");
    const first = (await Array.fromAsync(clusterUp(options))).at(-1);
    assert.ok(first?.kind === "ready");
    Deno.kill(first.record.pid, "SIGKILL");
    // Its lock is released when its last thread is gone: later than the process is a zombie.
    let status = await clusterStatus({ folder });
    while (status.phase !== "stopped") status = await clusterStatus({ folder });
    assert.deepEqual(status, {
      phase: "stopped",
      died: { record: first.record, log: `${folder}/cluster.log` },
    });
    const again = (await Array.fromAsync(clusterUp(options))).at(-1);
    assert.ok(again?.kind === "ready");
    assert.notEqual(again.record.pid, first.record.pid);
  } finally {
    await Array.fromAsync(clusterDown(control(folder, "empty")));
    await Deno.remove(folder, { recursive: true });
  }
});

/** Uid and restarts of each pod, asked for with the credentials of a kubeconfig. */
async function podsOf(kubeconfig: string): Promise<{ uid: string; restarts: number }[]> {
  const { clusters: [{ cluster }], users: [{ user }] } = JSON.parse(kubeconfig);
  using client = Deno.createHttpClient({ caCerts: [atob(cluster["certificate-authority-data"])] });
  const headers = { authorization: `Bearer ${user.token}` };
  const response = await fetch(`${cluster.server}/api/v1/pods`, { client, headers });
  const { items } = await response.json() as {
    items: {
      metadata: { uid: string };
      status: { containerStatuses: { restartCount: number }[] };
    }[];
  };
  return items.map(({ metadata: { uid }, status }) => ({
    uid,
    restarts: status.containerStatuses[0]?.restartCount ?? 0,
  }));
}

Deno.test("a persistent cluster resumes: after a stop, and after its process was killed", async () => {
  await using _children = awaitedChildren();
  const folder = await Deno.makeTempDir({ prefix: "kodama-background-" });
  const options = control(folder, "fleet:drives=2", "keep");
  const up = async () => {
    const last = (await Array.fromAsync(clusterUp(options))).at(-1);
    assert.ok(last?.kind === "ready");
    return last.record;
  };
  try {
    const first = await up();
    // What is handed out at the first start opens the door at every later one.
    const kubeconfig = await Deno.readTextFile(first.kubeconfig);
    const name = folder.slice(folder.lastIndexOf("/") + 1).toLowerCase();
    assert.equal(first.context, name.replace(/[^a-z0-9]+/g, "-"));
    assert.equal(JSON.parse(kubeconfig)["current-context"], first.context);
    const begun = await podsOf(kubeconfig);
    assert.deepEqual(begun.map(({ restarts }) => restarts), [0, 0]);

    await Array.fromAsync(clusterDown(options));
    const second = await up();
    assert.equal(second.server, first.server);
    assert.deepEqual(await podsOf(kubeconfig), begun.map(({ uid }) => ({ uid, restarts: 1 })));

    Deno.kill(second.pid, "SIGKILL");
    while ((await clusterStatus({ folder })).phase !== "stopped") await Promise.resolve();
    await up();
    assert.deepEqual(await podsOf(kubeconfig), begun.map(({ uid }) => ({ uid, restarts: 2 })));

    await Array.fromAsync(clusterDown(options));
    const other = await Array.fromAsync(clusterUp(control(folder, "empty", "keep"))).catch((e) =>
      e
    );
    assert.ok(other instanceof KodamaError);
    assert.match(other.message, /was started with the world fleet:drives=2, not with empty/);
  } finally {
    await Array.fromAsync(clusterDown(options));
    await Deno.remove(folder, { recursive: true });
  }
});
