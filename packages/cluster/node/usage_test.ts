/** Usage of containers, from the text of proc(5) and from real processes. */
import { isolations } from "./testing/isolations.ts";
import { otherThan, unless } from "../../../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { ManualClock } from "../../../src/base/testing/manual_clock.ts";
import { startFixture } from "./testing/fixture.ts";
import { isRunning } from "./testing/fixture.ts";
import { parseProcesses, UsageMeter } from "./usage.ts";

/** A stat line of proc(5), with hundredths of a second and pages. */
function stat(name: string, { user = 0, system = 0, ended = 0, pages = 0 }): string {
  const fields = [user, system, ended, 0, 20, 0, 1, 0, 777, 1_000_000, pages];
  return `7 (${name}) S ${Array.from({ length: 10 }, () => 1).join(" ")} ${fields.join(" ")} 0 0\n`;
}

const head = (busy: number) =>
  `4096\n100.50 20.0\ncpu  ${busy} 0 0 9999 8888 0 0 0 0 0\nMemTotal: 1000 kB\nMemAvailable: 400 kB\n`;

Deno.test("parseProcesses(): sums the processes of each set, whatever their names", () => {
  const text = `${head(300)}set\n${stat("sh) x (", { user: 100, system: 50, pages: 2 })}${
    stat("a b", { ended: 25, pages: 3 })
  }set\n`;
  assert.deepEqual(parseProcesses(text), {
    machine: { ageMs: 100_500, cpuMs: 3000, memoryBytes: 600 * 1024 },
    sets: [{ cpuMs: 1750, memoryBytes: 5 * 4096 }, { cpuMs: 0, memoryBytes: 0 }],
  });
});

Deno.test(
  unless(
    otherThan("linux"),
    "UsageMeter: the first time the mean since the start, then since a measurement of a second ago",
  ),
  async () => {
    const clock = new ManualClock("2026-01-01T00:00:10Z");
    let text = "";
    const meter = new UsageMeter(clock, () => Promise.resolve(text));
    const container = {
      uid: "u",
      container: "main",
      id: "1",
      startedAt: new Date("2026-01-01T00:00:00Z"),
      processes: { kind: "procFolder", path: "/proc" },
    } as const;
    const cores = async (userTicks: number, id = "1") => {
      text = `${head(userTicks)}set\n${stat("x", { user: userTicks, pages: 1 })}`;
      const report = await meter.measure([{ ...container, id }]);
      return report?.pods.get("u")?.get("main")?.cores;
    };
    assert.equal(await cores(500), 0.5);
    clock.advance(500);
    assert.equal(await cores(525), 0.5);
    clock.advance(1500);
    assert.equal(await cores(700), 1, "since the first one: the second was half a second later");
    clock.advance(1000);
    assert.equal(await cores(700), 0);
    assert.equal(await cores(130, "2"), 0.1, "a restarted container has used nothing before");
  },
);

for (const { isolation, missing } of isolations) {
  const lacking = missing ?? otherThan("linux");
  Deno.test(unless(lacking, `${isolation}: \`Node.usage()\` of a busy container`), async () => {
    await using node = await startFixture({ isolation });
    const busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo ready; exec sleep 1000";
    node.run({ containers: [{ name: "main", image: "busybox", command: ["sh", "-c", busy] }] });
    const pod = await node.begun("web");
    assert.ok(isRunning(pod));
    node.clock.advance(10_000);
    const report = await node.node.usage();
    const used = report?.pods.get(pod.metadata.uid ?? "")?.get("main");
    assert.ok(used !== undefined && used.cores > 0 && used.memoryBytes > 100_000, `${used?.cores}`);
    assert.ok((report?.machine.memoryBytes ?? 0) > used.memoryBytes);
  });
}
