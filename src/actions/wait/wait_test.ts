import assert from "node:assert/strict";
import type { KubeClient } from "../../kube/client.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Pod } from "../../kube/types.ts";
import { lastLines } from "./wait.ts";

const removed = "unable to retrieve container logs for containerd://fb6afadbfe737fc27175";
const absent = new KodamaError("notFound", "previous terminated container not found");

function podIn(state: Record<string, unknown>, restartCount: number): Pod {
  const failing = { name: "main", ready: false, restartCount, state, image: "", imageID: "" };
  return {
    metadata: { name: "web-0", namespace: "n" },
    status: { containerStatuses: [failing] },
  };
}

const crashLoop = { waiting: { reason: "CrashLoopBackOff" } };
const ended = { terminated: { exitCode: 3 } };
const cases: [string, Pod, current: string | Error, previous: string | Error, string[]?][] = [
  ["the instance that waits for its restart", podIn(crashLoop, 2), "now\n", "old\n", ["now"]],
  ["the instance that ended last", podIn(ended, 2), "now\n", removed, ["now"]],
  ["the one before, if the runtime removed it", podIn(crashLoop, 2), removed, "old\n", ["old"]],
  ["the one before a silent restart", podIn({ running: {} }, 1), "", "a\n\nb\n", ["a", "b"]],
  ["no other of the first start", podIn({ running: {} }, 0), "", "old\n"],
  ["none if neither can be read", podIn(crashLoop, 1), removed, absent],
];

for (const [what, pod, current, previous, expected] of cases) {
  Deno.test(`lastLines() returns those of ${what}`, async () => {
    const client: Pick<KubeClient, "logs"> = {
      logs: (request) => {
        const answer = request.previous ? previous : current;
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve(new Blob([answer]).stream());
      },
    };
    const log = await lastLines(client, pod, new AbortController().signal);
    assert.deepEqual(log?.lines, expected);
  });
}
