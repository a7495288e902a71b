/** Sessions of several people, what a deleted one leaves to a later one of its name, and jobs left in the background. */
import { commandHint } from "../src/present/hints.ts";
import assert from "node:assert/strict";
import { agentTargetFor } from "../src/actions/session/agent_pod.ts";
import { currentTask } from "../src/actions/agent/tasks.ts";
import { clone } from "../src/actions/session/clone.ts";
import { list } from "../src/actions/session/list.ts";
import { type Consent, consented, type OthersSession } from "../src/actions/session/owner.ts";
import { planSet } from "../src/actions/session/set.ts";
import { planTransfer } from "../src/actions/session/transfer.ts";
import { planDeletion } from "../src/actions/session/delete.ts";
import { doctorSessions } from "../src/actions/session/doctor.ts";
import type { StartOptions } from "../src/actions/session/events.ts";
import { findSession } from "../src/actions/find_session.ts";
import { resume } from "../src/actions/session/resume.ts";
import { share } from "../src/actions/session/share.ts";
import { start } from "../src/actions/session/start.ts";
import { planStop } from "../src/actions/session/stop.ts";
import type { Host } from "../src/actions/host.ts";
import { KodamaError } from "../src/base/errors.ts";
import { wholeList } from "../src/kube/http/list.ts";
import {
  CONFIG_MAPS,
  PERSISTENT_VOLUME_CLAIMS,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
} from "../src/kube/resources.ts";
import type { ConfigMap, KubeObject, Secret } from "../src/kube/types.ts";
import { shellLineCommand } from "../src/session/pod_script.ts";
import { storedSession } from "../src/session/state.ts";
import { MemoryTerminal } from "../src/terminal/testing/memory_terminal.ts";
import { machineHost } from "../src/host/host.ts";
import { startTestCluster, type TestCluster } from "./harness/embedded_cluster.ts";

const signal = new AbortController().signal;
const scope = { namespace: "default" };

/** The machine of a person whom the cluster knows by this name. */
async function machineOf({ cluster, folder, env }: TestCluster, user: string): Promise<Host> {
  const kubeconfig = `${folder}/${user}.kubeconfig`;
  await Deno.writeTextFile(kubeconfig, await cluster.kubeconfigFor(user, ["system:masters"]));
  const own: Record<string, string> = { ...env, KODAMA_CONFIG_DIR: `${folder}/${user}` };
  return machineHost({
    kubeconfig,
    terminal: new MemoryTerminal(),
    environment: (name) => own[name],
  });
}

/** Starts "web"; gives the warnings. */
async function started(host: Host, options: Partial<StartOptions> = {}): Promise<string[]> {
  const warnings: string[] = [];
  const events = start(host, {
    name: "web",
    envFiles: [],
    envExclude: [],
    sync: { kind: "none" },
    devContainer: { kind: "none" },
    join: false,
    readyTimeoutMs: 60_000,
    signal,
    ...options,
  });
  for await (const event of events) {
    if (event.kind === "warning") warnings.push(commandHint(event.text));
  }
  return warnings;
}

async function stopped(host: Host): Promise<void> {
  const options = { name: "web", consent: consented, endTimeoutMs: 60_000, signal };
  for await (const _ of (await planStop(host, options, { checkTasks: true })).run());
}

async function deleted(host: Host, purge = false): Promise<void> {
  const options = { name: "web", consent: consented, purge, keepConfig: false, signal };
  for await (const _one of (await planDeletion(host, options)).run("everything"));
}

/** The verbs that end, change or use a session. */
const verbs: Readonly<Record<string, (host: Host, consent: Consent) => Promise<unknown>>> = {
  "stop": (host, consent) => {
    const options = { ...own, consent, endTimeoutMs: 60_000 };
    return planStop(host, options, { checkTasks: true });
  },
  "change": (host, consent) => {
    const options = { ...own, consent, cpu: "1", readyTimeoutMs: 60_000 };
    return planSet(host, options, { checkTasks: true });
  },
  "delete": (host, consent) =>
    planDeletion(host, { ...own, consent, purge: false, keepConfig: true }),
  "transfer": (host, consent) => planTransfer(host, { ...own, consent, to: "carol" }),
  "prompt": (host, consent) => agentTargetFor(host, place, { verb: "prompt", consent, signal }),
  "copy the secrets of": (host, consent) => {
    const options = { ...own, consent, newName: "copy", withSecrets: true, readyTimeoutMs: 60_000 };
    return clone(host, options).next();
  },
};

const own = { name: "web", signal };
const place = { kind: "session", name: "web" } as const;

Deno.test("a verb that ends, changes or uses another user's session needs consent first", async () => {
  await using cluster = await startTestCluster();
  const [alice, bob] = await Promise.all(["alice", "bob"].map((user) => machineOf(cluster, user)));
  assert.ok(alice && bob);
  await using _hers = await alice.kube();
  await using _his = await bob.kube();
  await started(alice, { task: { adapter: "command", prompt: "x", args: ["sleep", "600"] } });
  const refusal = new Error("no");
  const asked: OthersSession[] = [];
  const refuse: Consent = (session) => {
    asked.push(session);
    return Promise.reject(refusal);
  };
  for (const [verb, run] of Object.entries(verbs)) {
    if (verb !== "copy the secrets of") await run(alice, refuse);
    await assert.rejects(run(bob, refuse), refusal, verb);
    assert.deepEqual(asked.splice(0), [{ verb, name: "web", owner: "alice" }]);
  }
  await stopped(alice);
  const resuming = resume(bob, { ...own, consent: refuse, readyTimeoutMs: 60_000 });
  await assert.rejects(Array.fromAsync(resuming), refusal);
  const { rows } = await list(bob, { allNamespaces: false, tasks: false }, signal);
  assert.deepEqual(rows.map((row) => row.kind === "session" && row.live.status), ["Stopped"]);
});

Deno.test("`start()` with a prompt fails if the image has no agent, and gives no task", async () => {
  await using cluster = await startTestCluster();
  const host = await machineOf(cluster, "alice");
  await using _client = await host.kube();
  const task = { adapter: "claude", prompt: "x", args: [] } as const;
  await assert.rejects(started(host, { task, image: "debian:12" }), {
    kind: "environment",
    message: /has no claude, so the task wasn't given$/,
  });
  const { target } = await findSession(host, { name: "web" }, signal);
  assert.equal(await currentTask(host, target, signal), undefined);
});

Deno.test("`start()` that is stopped while its state is created leaves nothing of the session", async () => {
  await using cluster = await startTestCluster();
  const host = await machineOf(cluster, "alice");
  await using client = await host.kube();
  const stop = new AbortController();
  const late: typeof client.create = async (...request) => {
    await client.create(...request);
    stop.abort(new KodamaError("cancelled", "stopped by SIGINT"));
    throw stop.signal.reason;
  };
  const cut = new Proxy(client, {
    get: (target, key) => {
      if (key === "create") return late;
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const hostOfCut = { ...host, kube: () => Promise.resolve(cut) };
  await assert.rejects(started(hostOfCut, { signal: stop.signal }), {
    kind: "cancelled",
    hint: "nothing of the session remains in the cluster",
  });
  const { items } = await wholeList(() => client.list<KubeObject>(CONFIG_MAPS, scope, { signal }));
  assert.deepEqual(items.filter(({ metadata }) => metadata.name === "kodama-session-web"), []);
});

Deno.test("`start()` of somebody else's session names the owner, and changes nothing of it without `join`", async () => {
  await using cluster = await startTestCluster();
  const [alice, bob] = await Promise.all(["alice", "bob"].map((user) => machineOf(cluster, user)));
  assert.ok(alice && bob);
  await using client = await alice.kube();
  await using _bobs = await bob.kube();
  const variables = async () => {
    const secret = await client.get<Secret>(SECRETS, "kodama-env-web", scope, { signal });
    return Object.keys(secret.data ?? {});
  };
  const state = () => client.get<ConfigMap>(CONFIG_MAPS, "kodama-session-web", scope, { signal });
  const [hers, his] = ["alice.env", "bob.env"].map((name) => `${cluster.folder}/${name}`);
  assert.ok(hers && his);
  await Deno.writeTextFile(hers, "DB_PASSWORD=secret-1\n");
  await Deno.writeTextFile(his, "GITHUB_TOKEN=secret-2\n");
  await started(alice, { envFiles: [hers] });
  const before = await state();

  await assert.rejects(
    started(bob, { envFiles: [his], task: { adapter: "command", prompt: "x", args: ["true"] } }),
    { kind: "usage", message: 'session "web" in namespace "default" belongs to alice' },
  );
  assert.deepEqual(await state(), before);
  assert.deepEqual(await variables(), ["DB_PASSWORD"]);

  const withToken = { ...bob, env: (name: string) => name === "GITHUB_TOKEN" ? "x-2" : undefined };
  const joining = await started(withToken, { join: true });
  assert.match(joining.join("\n"), /^session "web" belongs to alice: its variables are unchanged/);
  assert.deepEqual(await variables(), ["DB_PASSWORD"]);
  assert.equal(storedSession(await state()).session.owner, "alice");
  await started(bob, { join: true, envFiles: [his] });
  assert.deepEqual((await variables()).sort(), ["GITHUB_TOKEN", "git-token"]);
  assert.deepEqual(await started(alice, { envFiles: [] }), []);
});

Deno.test("rights that were shared end with the session, and its volumes aren't used again in silence", async () => {
  await using cluster = await startTestCluster();
  const host = await machineOf(cluster, "alice");
  await using client = await host.kube();
  const applied = async (keep: (right: KubeObject) => KubeObject) => {
    const { rights } = await share(host, { name: "web", user: "bob", signal });
    for (const right of rights) {
      const resource = right.kind === "Role" ? ROLES : ROLE_BINDINGS;
      await client.create(resource, keep(right), scope, { signal });
    }
    return rights;
  };
  const rightsLeft = async () => {
    const lists = [ROLES, ROLE_BINDINGS].map((resource) =>
      wholeList(() => client.list<KubeObject>(resource, scope, { signal }))
    );
    return (await Promise.all(lists)).flatMap(({ items }) => items).length;
  };
  const found = async () => {
    const findings = await Array.fromAsync(doctorSessions(host, { contexts: [], signal }));
    return findings.filter(({ status }) => status === "warn").map(({ detail }) => detail);
  };
  await started(host);
  const rights = await applied((right) => right);
  const { uid } = storedSession(
    await client.get(CONFIG_MAPS, "kodama-session-web", scope, { signal }),
  );
  for (const { metadata } of rights) assert.equal(metadata.ownerReferences?.[0]?.uid, uid);
  await deleted(host);
  assert.equal(await rightsLeft(), 0);

  // Those that an earlier version has made have no owner.
  const [role, binding] = rights.map((right) => ({
    ...right,
    metadata: { ...right.metadata, ownerReferences: [] },
  }));
  assert.ok(role && binding);
  await client.create(ROLES, role, scope, { signal });
  await client.create(ROLE_BINDINGS, binding, scope, { signal });
  assert.match((await found()).join(), /rolebinding kodama-share-web/);
  await deleted(host);
  assert.deepEqual([await rightsLeft(), await found()], [0, []]);

  const folder = { kind: "folder", path: `${cluster.folder}/site` } as const;
  await Deno.mkdir(folder.path);
  await assert.rejects(started(host, { sync: folder }), {
    kind: "usage",
    message: /the workspace contains the files of an earlier session "web"$/,
  });
  assert.match((await started(host)).join(), /^the volumes of an earlier session "web" are used/);
  await deleted(host, true);
  assert.deepEqual(await started(host), []);

  await stopped(host);
  await client.delete(PERSISTENT_VOLUME_CLAIMS, "kodama-workspace-web", scope, { signal });
  const resumed = resume(host, { ...own, consent: consented, readyTimeoutMs: 60_000 });
  const events = await Array.fromAsync(resumed);
  assert.deepEqual(events.flatMap((event) => event.kind === "warning" ? [event.text] : []), [
    'persistentvolumeclaim "kodama-workspace-web" was missing and is created again, empty: ' +
    "its contents are lost",
  ]);
});

Deno.test("a job that `shellLineCommand()` leaves in the background at a terminal outlives the shell", async () => {
  await using cluster = await startTestCluster();
  const host = await machineOf(cluster, "alice");
  await using client = await host.kube();
  await started(host);
  const output = async (line: string, tty: boolean) => {
    await using channel = await client.exec({
      ...{ namespace: "default", pod: "kodama-web", container: "workspace" },
      command: shellLineCommand(line),
      stdin: tty,
      tty,
    }, { signal: AbortSignal.timeout(60_000) });
    let text = "";
    for await (const { bytes } of channel.output) text += new TextDecoder().decode(bytes);
    return { text: text.trim(), end: await channel.end };
  };
  const job = `nohup sh -c 'read word <to; echo "heard $word" >from' >log 2>&1 &`;
  for (const tty of [true, false]) {
    await output(`rm -f to from; mkfifo to from`, false);
    const { end } = await output(`true; ${job}`, tty);
    assert.deepEqual(end, { kind: "exited", exitCode: 0 });
    // Without a reader the first of these would wait until the test ends it.
    assert.equal((await output("echo go >to; cat from", false)).text, "heard go", `tty: ${tty}`);
  }
  assert.deepEqual((await output("exit 3", true)).end, { kind: "exited", exitCode: 3 });
});
