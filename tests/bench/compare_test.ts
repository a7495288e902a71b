/** The comparison's own judgement, and one small round of all of it, so that it can't rot. */
import assert from "node:assert/strict";
import { runCommand } from "../harness/command.ts";
import { account } from "./account.ts";
import { type ContenderName, contenderNames, words } from "./contenders.ts";
import type { Fleet } from "./fleets.ts";
import { readCost } from "./measure.ts";
import type { Row } from "./compare.ts";
import { verdicts } from "./promises.ts";
import { report } from "./report.ts";
import { answer, fleetNamespace, lineOf, printed } from "./simulated_api.ts";

const fleet: Fleet = {
  kind: "simulated",
  namespace: "fleet-2",
  pods: ["weka-drive-0", "weka-drive-1"],
  lines: ["weka-drive-0", "weka-drive-1"],
  command: ["hostname"],
  selection: ["-m", "weka-drive"],
};
const files = { namesFile: "/names", jobFile: "/job" };

Deno.test("lines count bare or behind their pod's name, in any order", () => {
  const output = "weka-drive-1: weka-drive-1\nweka-drive-0\n";
  assert.deepEqual(account(output, fleet.lines), { lostBytes: 0, foreign: [] });
});

Deno.test("lost, doubled, mixed and cut lines are each noticed", () => {
  assert.equal(account("weka-drive-0\n", fleet.lines).lostBytes, 13);
  const doubled = "weka-drive-0\nweka-drive-0\nweka-drive-1\n";
  assert.deepEqual(account(doubled, fleet.lines).foreign, ["weka-drive-0"]);
  assert.deepEqual(account("weka-drive-0weka-drive-1\n", fleet.lines), {
    lostBytes: 26,
    foreign: ["weka-drive-0weka-drive-1"],
  });
  assert.equal(account("weka-drive-0\nweka-dr", fleet.lines).lostBytes, 13);
});

Deno.test("the cost is user and system time together, also after a remark", () => {
  assert.deepEqual(readCost("0.25 0.50 2048\n"), { cpuMs: 750, memoryMb: 2 });
  const remark = "Command exited with non-zero status 5\n0.10 0.00 1024\n";
  assert.deepEqual(readCost(remark), { cpuMs: 100, memoryMb: 1 });
  assert.deepEqual(readCost("gone\n"), {});
});

Deno.test("a program that isn't there has no words, and what needs it neither", () => {
  const names = (tools: { kubectl?: string; clush?: string }) =>
    contenderNames.filter((name) => words(name, fleet, { kodama: "kodama", ...files, ...tools }));
  assert.deepEqual(names({}), ["kodama", "floor"]);
  assert.deepEqual(names({ clush: "clush" }), ["kodama", "floor"]);
  assert.deepEqual(names({ kubectl: "kubectl" }), ["kodama", "floor", "kubectl", "xargs"]);
  assert.deepEqual(names({ kubectl: "kubectl", clush: "clush" }), [...contenderNames]);
});

Deno.test("the pages of a simulated list join to the fleet, each pod once", () => {
  const names: string[] = [];
  for (let token: string | undefined = ""; token !== undefined;) {
    const query = `limit=3&continue=${token}`;
    const path = `/api/v1/namespaces/${fleetNamespace(7)}/pods?${query}`;
    const { body } = answer(new URL(path, "https://simulated"));
    const list = body as {
      metadata: { continue?: string };
      items: { metadata: { name: string } }[];
    };
    names.push(...list.items.map(({ metadata }) => metadata.name));
    token = list.metadata.continue;
  }
  assert.deepEqual(names, Array.from({ length: 7 }, (_, index) => `weka-drive-${index}`));
});

Deno.test("a simulated pod answers bare and wrapped commands, with as many bytes as are asked for", () => {
  assert.equal(printed("a-0", ["hostname"]), "a-0\n");
  const wrapped = ["sh", "-c", "…", "kodama", "a-0", "text", "9"];
  assert.equal(printed("a-0", wrapped), "a-0.....\n");
  assert.equal(lineOf("a-0", 1024).length, 1024);
});

Deno.test("promises are judged by their own fleet's ratios, and the page says which are missed", () => {
  const row = (name: ContenderName, wallRatio: number): Row => ({
    name,
    rounds: 1,
    wallMs: 1,
    cpuMs: undefined,
    memoryMb: undefined,
    wallRatio,
    cpuRatio: undefined,
    lostBytes: 0,
    foreign: [],
    failures: 0,
    failure: undefined,
  });
  const pods = Array.from({ length: 50 }, (_, index) => `a-${index}`);
  const rows = [row("kodama", 1), row("floor", 1.2), row("xargs", 0.3)];
  const cluster = { version: "K", credential: "token" as const };
  const comparisons = [{ fleet: { ...fleet, kind: "real" as const, pods }, cluster, rows }];
  const judged = verdicts(comparisons);
  assert.deepEqual(judged.map(({ measured, atMost }) => measured <= atMost), [true, false]);
  const page = report({ comparisons, verdicts: judged, machine: { facts: [], missing: [] } });
  assert.match(page, /bare protocol's \| 1.15 \| 1.20 \| \*\*missed\*\* \| {2}\|/);
  // 0.3 times as long as xargs, 1.2 times as long as the bare protocol.
  assert.match(page, /`xargs -P16 kubectl`'s \| 0.4 \| 0.30 \| met \| 0.25 \|/);
});

Deno.test("a round of the whole: installed kodama and the bare protocol lose nothing", async () => {
  const bench = new URL("bench.ts", import.meta.url).href;
  const deno = [Deno.execPath(), "run", "--quiet", "-P=tools", bench, "--quick"];
  const { code, stdout, stderr } = await runCommand(deno, { env: Deno.env.toObject() });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /## 3 simulated pods: `hostname`\n[^#]*`kodama exec` \| 1 \|/);
});
