/** The fixture of a fault's test: a rig for faults, a namespace of its own, kodama on it. */
import assert from "node:assert/strict";
import { FaultyRig } from "../faults.ts";
import { RealCluster, rigVariable, type TestNamespace } from "../test_namespace.ts";
import { type Ended, KodamaRun, type Report } from "./kodama.ts";

/** The fixture of a test. */
export interface Fixture {
  rig: FaultyRig;
  namespace: TestNamespace;
  /** Starts `kodama exec -n NAMESPACE -o jsonl WORDS…`. */
  start(...words: string[]): KodamaRun;
  /** Starts it with another kubeconfig. */
  startWith(kubeconfig: string, ...words: string[]): KodamaRun;
}

const cluster = RealCluster.fromEnvironment();
const onRig = Deno.env.get(rigVariable) !== undefined;

/** A test on the rig. Its name is the rule that kodama must follow. */
export function onFault(name: string, test: (fixture: Fixture) => Promise<void>): void {
  Deno.test({
    name: `under faults: ${name}`,
    ignore: cluster === undefined || !onRig,
    fn: async () => {
      assert.ok(cluster);
      await using namespace = await cluster.namespace("fault");
      await using rig = await FaultyRig.find();
      const startWith: Fixture["startWith"] = (kubeconfig, ...words) =>
        new KodamaRun(kubeconfig, namespace.name, words);
      await test({
        rig,
        namespace,
        startWith,
        start: (...words) => startWith(cluster.kubeconfig, ...words),
      });
    },
  });
}

/** Returns the one target's report. */
export function only({ reports, stderr }: Ended): Report {
  assert.equal(reports.length, 1, stderr);
  return reports[0] as Report;
}

/** Returns the fields of a report that make up an outcome. */
export function outcomeOf({ outcome, exitCode, signal }: Report) {
  return { outcome, exitCode, signal };
}

/** Returns the programs that run in a pod besides its first process and the one that lists them, a line for each. */
export async function programsIn(namespace: TestNamespace, pod: string): Promise<string[]> {
  const list = await namespace.kubectl("exec", pod, "--", "ps", "-o", "pid,stat,args");
  return list.trim().split("\n").slice(1)
    .map((line) => line.trim())
    .filter((line) => !/^1 |^\d+ Z|ps -o pid,stat,args$/.test(line));
}
