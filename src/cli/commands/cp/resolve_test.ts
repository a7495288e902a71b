/** Args -> copies. */
import assert from "node:assert/strict";
import type { CopyDirection } from "../../../actions/copy/events.ts";
import type { ResolvedCopy } from "./resolve.ts";
import { wholeSelection } from "../../../actions/exec/events.ts";
import { selectionFlags } from "../../parser/selection.ts";
import { resolved, testResolve } from "../../testing/resolve.ts";

async function copyOf(line: string): Promise<ResolvedCopy> {
  return (await resolved(`cp ${line}`)).options as ResolvedCopy;
}

const ways: readonly (readonly [line: string, way: Partial<CopyDirection>, pods: string])[] = [
  ["a :/b", { kind: "toPods", local: "a", remote: "/b" }, ""],
  ["./- :c", { kind: "toPods", local: "./-", remote: "c" }, ""],
  ["./a:b :c", { kind: "toPods", local: "./a:b", remote: "c" }, ""],
  ["/x:y web-0:z", { kind: "toPods", local: "/x:y", remote: "z" }, "web-0"],
  ["web-0:/b .", { kind: "fromPods", remote: "/b", local: ".", perPod: false }, "web-0"],
  ["prod/web-0:/b .", { kind: "fromPods", remote: "/b", perPod: false }, "prod web-0"],
  ["-n lab web-0:/b .", { kind: "fromPods", perPod: false }, "lab web-0"],
  ["web-0 :/b .", { kind: "fromPods", remote: "/b", local: ".", perPod: true }, "web-0"],
  [":/a:b ..", { kind: "fromPods", remote: "/a:b", local: "..", perPod: true }, ""],
  ["a:/x b:/y", { kind: "podToPods", from: "/x", to: "/y" }, "b"],
  ["sts/db a:/x :/y", { kind: "podToPods", from: "/x", to: "/y" }, "db"],
];

for (const [line, way, pods] of ways) {
  Deno.test(`kodama cp ${line}`, async () => {
    const { options } = await copyOf(line);
    for (const [name, value] of Object.entries(way)) {
      assert.deepEqual(options.way[name as keyof CopyDirection], value, name);
    }
    const { namespaces, operands } = options.selection;
    const where = namespaces.kind === "named" ? namespaces.names : [];
    assert.equal([...where, ...operands.map(({ name }) => name)].join(" "), pods);
  });
}

Deno.test("one named pod is shown as kubectl shows it; a selection with its sum", async () => {
  assert.equal((await copyOf("web-0:/b .")).view.single, true);
  assert.equal((await copyOf("web-0 :/b .")).view.single, false);
});

testResolve([
  {
    line: "cp a :/b",
    options: {
      choosing: { kind: "required" },
      options: {
        contexts: [],
        selection: wholeSelection,
        way: { kind: "toPods", local: "a", remote: "/b" },
      },
      view: {
        format: "text",
        progress: "auto",
        color: "auto",
        quiet: false,
        single: false,
        confirm: { yes: false },
      },
    },
    changes: [
      ["--all", { choosing: undefined }],
      ["--fanout 3", { options: { fanout: 3 } }],
      ["--serial 1,20%", {
        options: { serial: [{ kind: "count", count: 1 }, { kind: "percent", percent: 20 }] },
      }],
      ["--max-fail 2", { options: { maxFail: { kind: "count", count: 2 } } }],
      ["--fail-fast", { options: { failFast: true } }],
      ["--require-all", { options: { requireAll: true } }],
      ["--require-all=false", { options: { requireAll: false } }],
      ["--connect-timeout 30s", { options: { connectTimeoutMs: 30000 } }],
      ["--timeout 30s", { options: { timeoutMs: 30000 } }],
      ["--yes", { view: { confirm: { yes: true } } }],
      ["--confirm-above 3", { view: { confirm: { above: 3 } } }],
      ["--list", { choosing: undefined, options: { planOnly: true } }],
      ["--checksum none", { options: { checksum: "none" } }],
      ["--retries 3", { options: { retries: 3 } }],
      ["--output jsonl", { view: { format: "jsonl" } }],
      ["--progress none", { view: { progress: "none" } }],
      ["--color never", { view: { color: "never" } }],
      ["--quiet", { view: { quiet: true } }],
    ],
  },
  { line: "cp a b", error: /neither side/ },
  { line: "cp web-0:/a -", error: /- is not a path/ },
  { line: "cp - web-0:/a", error: /- is not a path/ },
  { line: "cp :/a :/b", error: /one source/ },
  { line: "cp :/a web-0:/b", error: /one source/ },
  { line: "cp -l app=web web-0:/a .", error: /--selector chooses pods/ },
  { line: "cp deploy/web web-0:/a .", error: /deploy\/web chooses pods/ },
  { line: "cp a web-0:", error: /no path/ },
  { line: "cp a /web-0/x/y:", error: /neither side/ },
  { line: "cp a x/y/z:/b", error: /NAMESPACE\/POD:PATH/ },
  { line: "cp a /:/b", error: /neither side/ },
], selectionFlags);
