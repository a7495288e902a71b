import { plainHint } from "../base/hint.ts";
import assert from "node:assert/strict";
import type { ContainerStatus, Event, Pod } from "../kube/types.ts";
import type { SessionLimits } from "./limits.ts";
import type { SessionStatus } from "./model.ts";
import { liveStatus } from "./status.ts";

function pod(phase: string, own: Partial<ContainerStatus>, scheduled = true): Pod {
  const status: ContainerStatus = {
    name: "workspace",
    image: "i",
    imageID: "",
    ready: false,
    restartCount: 0,
    ...own,
  };
  const condition = scheduled ? { type: "PodScheduled", status: "True" } : {
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/1 nodes are available: 1 Insufficient cpu.",
  };
  return { status: { phase, conditions: [condition], containerStatuses: [status] } };
}

const running = pod("Running", { ready: true, state: { running: {} } });

function event(reason: string, message: string, at: string): Event {
  return { type: "Warning", reason, message, lastTimestamp: at, involvedObject: {}, metadata: {} };
}

const limits = { ttlSeconds: 28_800, idleSeconds: 1800 };

/** A pod that ended with code 0, after N seconds of its container, and a minute of waiting before. */
function endedAfter(seconds: number, restartCount = 0): Pod {
  const at = (moment: number) => new Date(moment * 1000).toISOString();
  const terminated = { exitCode: 0, startedAt: at(60), finishedAt: at(60 + seconds) };
  const ended = pod("Succeeded", { restartCount, state: { terminated } });
  return { status: { ...ended.status, startTime: at(0) } };
}

/** The same, beside a container that a mesh's admission has put there and that runs on. */
function besideProxy({ status }: Pod): Pod {
  const [own] = status?.containerStatuses ?? [];
  const proxy = { name: "mesh-proxy", image: "p", imageID: "", ready: true, restartCount: 0 };
  return {
    spec: { restartPolicy: "OnFailure", containers: [] },
    status: {
      ...status,
      phase: "Running",
      containerStatuses: [
        { ...proxy, state: { running: {} } },
        ...(own === undefined ? [] : [own]),
      ],
    },
  };
}

function status(kept: SessionStatus, of: Pod | undefined, events: Event[] = []): string {
  const { status, reason } = liveStatus({ name: "x", status: kept }, of, events);
  return reason === undefined ? status : `${status}: ${plainHint(reason)}`;
}

Deno.test("without a pod a session is what was kept, and one that ran has lost it", () => {
  const resumeHint = "its start didn't finish: start (name: x) with the same words";
  assert.equal(status("Stopped", undefined), "Stopped");
  assert.equal(status("Running", undefined), "Stopped: its pod is gone: resume (name: x)");
  assert.equal(status("Starting", undefined), `Pending: ${resumeHint}`);
  assert.equal(status("Starting", running), `Starting: ${resumeHint}`);
});

Deno.test("a pod that waits says why: its scheduling, its image, its newest warning", () => {
  const pulling = pod("Pending", {
    state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
  });
  const creating = pod("Pending", { state: { waiting: { reason: "ContainerCreating" } } });
  const old = event("FailedMount", "an old story", "2025-01-01T00:00:00Z");
  const idle = event("MissingClusterDNS", "no matter", "2025-01-03T00:00:00Z");
  const repeated = event("Failed", "Error: ImagePullBackOff", "2025-01-04T00:00:00Z");
  const latest = event("FailedMount", 'secret "x"\n not found', "2025-01-02T00:00:00Z");
  assert.equal(
    status("Starting", pod("Pending", {}, false)),
    "Pending: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.",
  );
  assert.equal(status("Running", pulling), "Pending: ImagePullBackOff: Back-off pulling image");
  assert.equal(status("Starting", creating), "Starting: ContainerCreating");
  assert.equal(
    status("Starting", creating, [latest, old, idle, repeated]),
    'Starting: FailedMount: secret "x" not found',
  );
});

Deno.test("a pod that ended, ends, or ends again and again", () => {
  const evicted: Pod = { status: { phase: "Failed", reason: "Evicted" } };
  const ending: Pod = { ...running, metadata: { deletionTimestamp: "2025-01-01T00:00:00Z" } };
  const crashing = pod("Running", {
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 127 } },
  });
  assert.equal(status("Running", evicted), "Failed: Evicted");
  assert.equal(status("Stopped", ending), "Stopped: its pod is ending");
  assert.equal(
    status("Running", crashing),
    "Failed: CrashLoopBackOff: its container ended with exit code 127, and again",
  );
  assert.equal(status("Running", running), "Running");
});

Deno.test("a memory limit that was reached is named, and so is a container beside the session's that fails", () => {
  const killed = { terminated: { exitCode: 137, reason: "OOMKilled" } };
  const spec = {
    containers: [{ name: "workspace", resources: { limits: { memory: "2Gi" } } }],
  };
  const memory = "OOMKilled: its container exceeded the memory limit of 2Gi, and was started again";
  const restarted = pod("Running", { ready: true, state: { running: {} }, lastState: killed });
  assert.equal(status("Running", { ...restarted, spec }), `Running: ${memory}`);
  const again = pod("Running", {
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: killed,
  });
  assert.equal(status("Running", { ...again, spec }), `Failed: CrashLoopBackOff: ${memory}`);

  const [own] = running.status?.containerStatuses ?? [];
  assert.ok(own);
  const db = { ...own, name: "db", ready: false, state: {}, lastState: {} };
  const crashing: ContainerStatus = {
    ...db,
    state: { waiting: { reason: "CrashLoopBackOff" } },
    lastState: { terminated: { exitCode: 1 } },
  };
  const crash =
    'Running: container "db" CrashLoopBackOff: its container ended with exit code 1, and again';
  const withStatus = (more: Partial<NonNullable<Pod["status"]>>): Pod => (
    { status: { ...running.status, ...more } }
  );
  assert.equal(status("Running", withStatus({ containerStatuses: [own, crashing] })), crash);
  // A session with limits runs them as sidecars.
  assert.equal(status("Running", withStatus({ initContainerStatuses: [crashing] })), crash);
  const pulling = { ...db, state: { waiting: { reason: "ErrImagePull", message: "not found" } } };
  assert.equal(
    status("Running", withStatus({ containerStatuses: [own, pulling] })),
    'Running: container "db" ErrImagePull: not found',
  );
  const ended = { ...db, state: { terminated: { exitCode: 0 } } };
  assert.equal(status("Running", withStatus({ containerStatuses: [own, ended] })), "Running");
});

Deno.test("a clone whose files didn't all come is gone on with as a clone", () => {
  const origin = { kind: "clone", session: "work", filled: false } as const;
  const { reason } = liveStatus({ name: "again", status: "Starting", origin }, undefined);
  assert.match(plainHint(reason ?? ""), /clone \(source: work, name: again\) continues$/);
});

Deno.test("a pod that its watcher ended is a stopped session, and says which limit it was", () => {
  const said = (of: Pod, its: SessionLimits = limits) =>
    liveStatus({ name: "x", status: "Running", spec: { limits: its } }, of);
  const idle = "it stopped by itself: idle for 30m";
  const lived = "it stopped by itself: its time to live of 8h is over";
  assert.deepEqual(said(endedAfter(3600)), { status: "Stopped", reason: idle });
  assert.deepEqual(said(endedAfter(28_799)), { status: "Stopped", reason: idle });
  assert.deepEqual(said(endedAfter(28_801)), { status: "Stopped", reason: lived });
  // Its last start doesn't determine its total lifetime.
  assert.deepEqual(said(endedAfter(28_750, 1)), { status: "Stopped", reason: lived });
  const { ttlSeconds, idleSeconds } = limits;
  assert.equal(said(endedAfter(1), { ttlSeconds }).reason, lived);
  assert.equal(said(endedAfter(1), { idleSeconds }).reason, idle);
});

Deno.test("a pod without limits that ended has failed", () => {
  const { status } = liveStatus(
    { name: "x", status: "Running", spec: { limits: {} } },
    endedAfter(9),
  );
  assert.equal(status, "Failed");
});

Deno.test("a session has stopped when its own container has ended, whatever runs on beside it", () => {
  const session = { name: "x", status: "Running", spec: { limits } } as const;
  assert.equal(liveStatus(session, besideProxy(endedAfter(1800))).status, "Stopped");
  assert.equal(liveStatus(session, besideProxy(running)).status, "Running");
});
