import assert from "node:assert/strict";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { KubeClient } from "../kube/client.ts";
import { FoundPods } from "./found_pods.ts";

const target = {
  context: "lab",
  namespace: "web",
  pod: "w-0",
  container: "main",
  node: "n",
  ip: "",
  uid: "1",
};

/** A client whose one pod has this uid; undefined if it can't be read. */
function clientOf(uid: string | undefined, read: string[] = []): Pick<KubeClient, "get"> {
  return {
    get: <T>(_resource: unknown, name: string) => {
      read.push(name);
      return uid === undefined
        ? Promise.reject(new KodamaError("notFound", "gone"))
        : Promise.resolve({ metadata: { uid } } as T);
    },
  };
}

Deno.test("FoundPods refuses a pod that another one has replaced since it was selected", async () => {
  const clock = new ManualClock();
  const pods = new FoundPods(clock);
  const { signal } = new AbortController();
  const read: string[] = [];
  pods.add([target]);
  // It was just read.
  await pods.requireSame(clientOf("2", read), target, signal);
  assert.deepEqual(read, []);
  clock.advance(5000);
  await assert.rejects(pods.requireSame(clientOf("2", read), target, signal), {
    kind: "conflict",
    message: 'pod "w-0" was replaced by another one since it was selected',
  });
  await pods.requireSame(clientOf("1", read), target, signal);
  await pods.requireSame(clientOf("2", read), target, signal);
  assert.deepEqual(read, ["w-0", "w-0"]);
  clock.advance(5000);
  // The command itself says what is the matter.
  await pods.requireSame(clientOf(undefined), target, signal);
  // A pod whose identity was never known, and one of another run.
  const { uid: _uid, ...unknown } = target;
  await pods.requireSame(clientOf("2"), unknown, signal);
  await pods.requireSame(clientOf("2"), { ...target, uid: "3" }, signal);
});
