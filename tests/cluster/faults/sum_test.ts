/** The combination: a thousand targets under random faults. */
import assert from "node:assert/strict";
import { hangTimeout } from "../../harness/hang_limit.ts";
import { until } from "../processes.ts";
import type { TestNamespace } from "../test_namespace.ts";
import { CuttingLink } from "./cutting_link.ts";
import { countSleeping, type Ended, type Report } from "./kodama.ts";
import { type Fixture, onFault } from "./fixture.ts";

const pods = 50;
const targets = 1000;
const lines = 6000;

/** The output of a command: half of it, a short work, the other half. */
const work = "0.4321";
const script = `seq 1 ${lines / 2}; sleep ${work}; seq ${lines / 2 + 1} ${lines}`;
const whole = Array.from({ length: lines }, (_, index) => `${index + 1}\n`).join("");

/** The faults of a round, in turns: the seed decides the moment and the victims. */
const faults = ["links", "containers", "links", "pods", "links", "server"] as const;

/** In the test's name, so that a failure can be repeated. */
const seed = Number(
  Deno.env.get("KODAMA_TEST_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
);
const rule = "of 1,000 targets none loses a byte, and none is ok that didn't end well";

onFault(
  `${rule} (KODAMA_TEST_SEED=${seed})`,
  async (fixture) => {
    const random = randomFrom(seed);
    await startFleet(fixture.namespace);
    const counts: Record<string, number> = {};
    for (let round = 0, reported = 0; reported < targets; round++) {
      const fault = faults[round % faults.length] ?? "links";
      const { reports, stderr } = await faultedRun(fixture, fault, random);
      const place = `seed ${seed}, round ${round} (${fault})`;
      for (const report of reports) assertTrue(report, place);
      assert.equal(new Set(reports.map(({ pod }) => pod)).size, reports.length, place);
      reported += reports.length;
      if (reports.length === 0) assert.match(stderr, /cannot reach|no running pod/, place);
      for (const { outcome } of reports) counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    // Faults without a victim would prove nothing.
    const said = `seed ${seed}: ${JSON.stringify(counts)}`;
    assert.ok((counts["ok"] ?? 0) > 100 && (counts["unknown"] ?? 0) > 50, said);
  },
);

/** Asserts that an ok target has every byte, and any other a prefix of them, and nothing else. */
function assertTrue({ outcome, exitCode, stdout, truncated, pod }: Report, place: string): void {
  const what = `${place}: ${pod} is ${outcome} after ${stdout.length} of ${whole.length} bytes`;
  assert.equal(truncated, false, what);
  assert.ok(outcome === "ok" ? stdout === whole : whole.startsWith(stdout), what);
  assert.equal(exitCode === 0, outcome === "ok", what);
}

async function startFleet(namespace: TestNamespace): Promise<void> {
  await namespace.create({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "fleet" },
    spec: {
      replicas: pods,
      selector: { matchLabels: { app: "fleet" } },
      template: {
        metadata: { labels: { app: "fleet" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: "main", image: "busybox:1.36", command: ["sleep", "2147483647"] }],
        },
      },
    },
  });
  await namespace.kubectl("rollout", "status", "deployment/fleet", hangTimeout);
}

/** One run of the command in all pods, in the middle of which a fault happens. */
async function faultedRun(
  { rig, namespace, startWith }: Fixture,
  fault: typeof faults[number],
  random: () => number,
): Promise<Ended> {
  const { kubeconfig } = namespace.cluster;
  const server = JSON.parse(await Deno.readTextFile(kubeconfig)).clusters[0].cluster.server;
  let connections = 0;
  const limitOf = () => {
    // The first ones carry the list of pods, without which there are no targets.
    const isCut = ++connections > 2 && fault === "links" && random() < 0.4;
    return isCut ? 1 + Math.floor(random() * 40_000) : Infinity;
  };
  await using link = new CuttingLink(server, limitOf);
  const copy = await Deno.makeTempFile();
  await link.writeKubeconfig(kubeconfig, copy);
  const names = (await namespace.kubectl("get", "pods", "-o", "name")).trim().split("\n")
    .map((name) => name.replace("pod/", ""));
  const victims = names.filter(() => random() < 0.1);
  await using run = startWith(
    copy,
    "-l",
    "app=fleet",
    "--fanout",
    "25",
    "-y",
    "--",
    "sh",
    "-c",
    script,
  );
  await until(
    "commands in the middle",
    async () => run.over || await countSleeping(work) > 0,
  );
  if (fault === "pods" && victims.length > 0) {
    await namespace.kubectl("delete", "pod", ...victims, "--wait=false");
  }
  if (fault === "containers") {
    const kill = (pod: string) => rig.killContainer(namespace.name, pod, "main").catch(() => {});
    await Promise.all(victims.map(kill));
  }
  {
    await using _killed = fault === "server" ? await rig.kill("kube-apiserver") : undefined;
  }
  const ended = await run.ended();
  await Deno.remove(copy);
  return ended;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
