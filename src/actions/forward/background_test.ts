import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { endSessionForwards, type ForwardReport, type ForwardSet } from "./background.ts";
import type { Host } from "../host.ts";

/** A machine on which a set runs, and the requests to it. */
function machineWith(set: ForwardSet): { host: Host; done: string[] } {
  const done: string[] = [];
  const report: ForwardReport = { ...set, phase: "running", pid: 1 };
  const control: Partial<Awaited<ReturnType<Host["forwards"]>>> = {
    read: (name) => Promise.resolve(name === set.name ? report : undefined),
    stop: (name) => Promise.resolve(done.push(`stop ${name}`) > 0),
    forget: (name) => {
      done.push(`forget ${name}`);
      return Promise.resolve();
    },
  };
  const { host } = simulatedHost({});
  const forwards = () => Promise.resolve(control as Awaited<ReturnType<Host["forwards"]>>);
  return { host: { ...host, forwards }, done };
}

Deno.test("endSessionForwards() ends those of the very session, whatever its context is called", async () => {
  const args = ["pod/p", "3000", "--namespace=dev", "--context=kind"];
  const work = { name: "work", namespace: "dev", context: "kind" };
  const both = ["stop session-work", "forget session-work"];
  const rows: [
    owner: string | undefined,
    session: typeof work & { uid: string | undefined },
    string[],
  ][] = [
    ["u1", { ...work, uid: "u1" }, both],
    // The same file of the same cluster under another context.
    ["u1", { ...work, context: "admin@kind", uid: "u1" }, both],
    // Another kubeconfig has a context of the same name.
    ["u1", { ...work, uid: "u2" }, []],
    // The session's state is gone, or an earlier version has written the set.
    ["u1", { ...work, uid: undefined }, both],
    [undefined, { ...work, uid: "u1" }, both],
    [undefined, { ...work, namespace: "prod", uid: "u1" }, []],
    [undefined, { ...work, context: "prod", uid: "u1" }, []],
  ];
  const signal = new AbortController().signal;
  for (const [owner, session, expected] of rows) {
    const set = { name: "session-work", args, ...(owner === undefined ? {} : { owner }) };
    const { host, done } = machineWith(set);
    await endSessionForwards(host, session, { forget: true, signal });
    assert.deepEqual(done, expected, JSON.stringify([owner, session]));
  }
});
