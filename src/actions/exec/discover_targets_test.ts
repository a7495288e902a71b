import { plainHint } from "../../base/hint.ts";
import assert from "node:assert/strict";
import type { FoundTargets } from "../../kube/select/find_targets.ts";
import { wholeSelection } from "../../kube/select/target.ts";
import { type ContextFindings, Discovery, noMatch, selectIn } from "./discover_targets.ts";
import { simulatedHost } from "../testing/simulated_host.ts";

function found(given: Partial<FoundTargets>): ContextFindings {
  return { kind: "found", context: "lab", targets: [], skipped: [], nearest: [], ...given };
}

const here = { text: "--node n1", scope: `namespace "web"`, everywhere: false };
const everywhere = { text: "--node n1", scope: "any namespace", everywhere: true };

Deno.test("where nothing matches, the way out leads to where it wasn't looked", () => {
  const hints = [
    noMatch([found({ requested: here })]).hint,
    noMatch([found({ requested: here })], { listed: true }).hint,
    noMatch([found({ requested: everywhere })]).hint,
    noMatch([found({ requested: { ...everywhere, text: "" } })]).hint,
  ];
  assert.deepEqual(hints.map((one) => one && plainHint(one)), [
    '`pods` lists the pods; "namespace" or "allNamespaces" looks elsewhere',
    '"namespace" or "allNamespaces" looks elsewhere',
    "`pods (allNamespaces)` lists all pods",
    undefined,
  ]);
});

Deno.test("pods that match and aren't running are reported, with the command that shows details", () => {
  const skipped = [{ namespace: "web", pod: "web-0", reason: "is Pending" }];
  const { message, hint } = noMatch([found({ requested: { ...here, text: "web-0" }, skipped })]);
  assert.equal(
    message,
    `no running pod matches web-0 in namespace "web" (context lab); web-0: is Pending`,
  );
  assert.equal(hint, "`kubectl describe pod web-0 -n web` says more");
});

Deno.test("`selectIn()` tries every pod that matches if the option, or else the setting, requires all", async () => {
  const asked: unknown[] = [];
  const allPhasesOf = async (settings: string, outcomes?: { requireAll?: boolean }) => {
    const { host } = simulatedHost({ a: {} }, { files: { "/config/config.yaml": settings } });
    const select: typeof host.select = (_client, { allPhases }, { absent }) => {
      asked.push([allPhases, absent]);
      return Promise.resolve({ targets: [], skipped: [], nearest: [] });
    };
    const find = selectIn({ ...host, select }, wholeSelection, { ...outcomes && { outcomes } });
    await find(undefined, new AbortController().signal);
  };
  const setting = "exec: { requireAll: true }";
  await allPhasesOf(setting);
  await allPhasesOf("", {});
  await allPhasesOf("", { requireAll: true });
  await allPhasesOf(setting, {});
  await allPhasesOf(setting, { requireAll: false });
  assert.deepEqual(asked, [
    [false, undefined],
    [false, "target"],
    [true, "target"],
    [true, "target"],
    [false, "target"],
  ]);
});

Deno.test("a context that is named twice is asked once", async () => {
  const { host, clock } = simulatedHost({ a: {}, b: {} });
  const { signal } = new AbortController();
  const find = selectIn(host, wholeSelection);
  const discovery = new Discovery(host, ["a", "b", "a"], find, { signal });
  const findings = await clock.runUntil(Array.fromAsync(discovery.rest()));
  assert.deepEqual(findings.map(({ context }) => context).toSorted(), ["a", "b"]);
});
