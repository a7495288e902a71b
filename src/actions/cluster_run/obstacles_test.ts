import assert from "node:assert/strict";
import type { ApiResource, KubeClient, ListScope } from "../../kube/client.ts";
import type { ContainerState, Event, Job, KubeObject, Pod } from "../../kube/types.ts";
import { obstacleOf } from "./obstacles.ts";

const job = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "kodama-r", namespace: "n", uid: "u" },
  spec: { completions: 1, template: {} },
} as Job & KubeObject;

function shard(own: ContainerState | undefined, changes: Pod["status"] = {}): Pod {
  const facts = { image: "i", imageID: "", ready: false, restartCount: 0 };
  const proxy = { ...facts, name: "mesh-proxy", state: { running: {} } };
  return {
    metadata: { name: "kodama-r-0-x", namespace: "n", uid: "p" },
    status: {
      containerStatuses: own === undefined ? [] : [proxy, { ...facts, name: "kodama", state: own }],
      ...changes,
    },
  };
}

const refused = 'pods "kodama-r-0" is forbidden: failed quota: compute: must specify limits.cpu';

function cluster(pods: readonly Pod[], events: readonly Event[] = []): KubeClient {
  const list = async function* ({ kind }: ApiResource, { labelSelector }: ListScope) {
    if (kind === "Pod") assert.equal(labelSelector, "batch.kubernetes.io/controller-uid=u");
    yield await Promise.resolve({ items: kind === "Pod" ? pods : events, resourceVersion: "1" });
  };
  return { list } as unknown as KubeClient;
}

const warning: Event = {
  type: "Warning",
  reason: "FailedCreate",
  message: `Error creating: ${refused}`,
  involvedObject: {},
  metadata: {},
};

const unscheduled = [{
  type: "PodScheduled",
  status: "False",
  reason: "Unschedulable",
  message: "0/1 nodes are available",
}];

const cases:
  readonly (readonly [name: string, client: KubeClient, obstacle: RegExp | undefined])[] = [
    ["its pods are refused", cluster([], [warning]), /failed quota.*kubectl describe quota/],
    [
      "its pod has no node",
      cluster([shard(undefined, { conditions: unscheduled })]),
      /Unschedulable/,
    ],
    [
      "its image can't be pulled",
      cluster([shard({ waiting: { reason: "ImagePullBackOff", message: "no such image" } })]),
      /^ImagePullBackOff: no such image \(the setting defaults\.imagePullSecrets/,
    ],
    [
      "its process has ended: the error, without what else it wrote",
      cluster([
        shard({ terminated: { exitCode: 75, message: "x\nerror: this pod can't reach it\n" } }),
      ]),
      /^its process ended with exit code 75: error: this pod can't reach it$/,
    ],
    [
      "a mesh's proxy runs on when its shard has ended",
      cluster([shard({ terminated: { exitCode: 0 } })]),
      /^it has ended, and mesh-proxy in its pod kodama-r-0-x still runs$/,
    ],
    ["it runs", cluster([shard({ running: {} })], [warning]), undefined],
  ];

for (const [name, client, obstacle] of cases) {
  Deno.test(`what holds a run up: ${name}`, async () => {
    const found = await obstacleOf(client, job);
    if (obstacle === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", obstacle);
  });
}
