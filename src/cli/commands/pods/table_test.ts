import { wholeSelection } from "../../../actions/exec/events.ts";
import assert from "node:assert/strict";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import type { Host } from "../../../actions/host.ts";
import type { Selection } from "../../../actions/exec/events.ts";
import { KodamaError } from "../../../base/errors.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { type PodsFormat, showPods } from "./table.ts";

type Found = Awaited<ReturnType<Host["select"]>>;
type Pod = NonNullable<Found["pods"]>[number];

const pod = (name: string, namespace: string): Pod => ({
  metadata: { name, namespace, uid: name, creationTimestamp: "2025-12-31T23:00:00Z" as never },
  spec: { containers: [{ name: "main" }, { name: "side" }], nodeName: "node-1" },
  status: {
    phase: "Running",
    podIP: "10.0.0.1",
    containerStatuses: ["main", "side"].map((name, index) => ({
      ...{ name, image: "", imageID: "", ready: index === 0, restartCount: index },
      state: { running: {} },
    })),
  },
});

async function shown(
  format: PodsFormat,
  changes: Partial<Selection> = {},
): Promise<string> {
  const pods = [pod("web-0", "web"), pod("db-0", "jobs")];
  const selection = { ...wholeSelection, ...changes };
  const { host } = simulatedHost({ c: {} });
  const terminal = new MemoryTerminal();
  const signals = { listen: () => ({ [Symbol.dispose]: () => {} }) };
  const invocation = { terminal, signals } as Partial<Invocation> as Invocation;
  const select: Host["select"] = ({ context }) =>
    Promise.resolve({
      targets: [["jobs", "db-0"], ["web", "web-0"]].map(([namespace = "", pod = ""]) => ({
        ...{ context, namespace, pod, container: "main", node: "node-1", ip: "10.0.0.1" },
      })),
      skipped: [],
      pods,
      nearest: [],
    });
  const asked = { contexts: [], selection, kubeconfig: undefined, pick: false };
  await showPods(asked, { host: { ...host, select }, invocation, format, quiet: true });
  await terminal.stdout.flush();
  return terminal.written("stdout");
}

Deno.test("pods are shown as kubectl shows them; -o wide names container, node and address", async () => {
  assert.equal(
    await shown("status"),
    "POD     READY   STATUS    RESTARTS   AGE\n" +
      "db-0    1/2     Running   1          60m\n" +
      "web-0   1/2     Running   1          60m\n",
  );
  assert.match(
    await shown("wide", { namespaces: { kind: "all" } }),
    /^NAMESPACE +POD +READY +STATUS +RESTARTS +AGE +CONTAINER +NODE +IP\njobs +db-0 .* main +node-1 +10\.0\.0\.1$/m,
  );
});

Deno.test("data of pods says how they are; names say the namespace if several were asked for", async () => {
  const [first] = JSON.parse(await shown("json"));
  const { pod, container, status, ready, restarts, createdAt } = first;
  assert.deepEqual([pod, container, status, ready, restarts, createdAt], [
    "db-0",
    "main",
    "Running",
    "1/2",
    1,
    "2025-12-31T23:00:00.000Z",
  ]);
  assert.equal(await shown("name"), "pod/db-0\npod/web-0\n");
  const names = await shown("name", { namespaces: { kind: "all" } });
  assert.equal(names, "jobs/pod/db-0\nweb/web-0\n");
});

const idle = { openMs: 1, output: [], end: "hangs", diesOn: "TERM" } as const;

Deno.test("a list that lacks a context is shown, and its exit code says that it isn't whole", async () => {
  const failure = new KodamaError("unreachable", "no route");
  const { host, clock } = simulatedHost({ well: { pods: { "web-0": idle } }, dead: { failure } });
  const terminal = new MemoryTerminal();
  const signals = { listen: () => ({ [Symbol.dispose]: () => {} }) };
  const invocation = { terminal, signals } as Partial<Invocation> as Invocation;
  const asked = {
    contexts: ["well", "dead"],
    selection: wholeSelection,
    kubeconfig: undefined,
    pick: false,
  };
  const shown = { host, invocation, format: "name" as const, quiet: true };
  assert.equal(await clock.runUntil(showPods(asked, shown)), 4);
  await Promise.all([terminal.stdout.flush(), terminal.stderr.flush()]);
  assert.equal(terminal.written("stdout"), "pod/web-0\n");
  assert.equal(terminal.written("stderr"), "context dead: no route\n");
});

Deno.test("pods of contexts that have answered are printed after a second, whatever the others do", async () => {
  for (const format of ["status", "name", "jsonl", "json"] as const) {
    const { host, clock } = simulatedHost({
      near: { pods: { "web-0": idle } },
      late: { answersAfterMs: 4000, pods: { "web-1": idle } },
      gone: { hangs: true },
    });
    const terminal = new MemoryTerminal();
    const signals = { listen: () => ({ [Symbol.dispose]: () => {} }) };
    const invocation = { terminal, signals } as Partial<Invocation> as Invocation;
    const contexts = ["near", "late", "gone"];
    const asked = { contexts, selection: wholeSelection, kubeconfig: undefined, pick: false };
    const namesAt: string[] = [];
    const names = () => (terminal.written("stdout").match(/web-\d/g) ?? []).join();
    for (const atMs of [1001, 4001]) clock.timer(atMs, () => void namesAt.push(names()));
    const exitCode = await clock.runUntil(
      showPods(asked, { host, invocation, format, quiet: true }),
    );
    const early = format === "json" ? ["", ""] : ["web-0", "web-0,web-1"];
    assert.deepEqual([...namesAt, names()], [...early, "web-0,web-1"], format);
    assert.equal(exitCode, 4);
    assert.match(
      terminal.written("stderr"),
      /waiting for context gone: no answer yet \(15s at most\)/,
    );
  }
});
