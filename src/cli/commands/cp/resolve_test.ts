/** Args -> copies. */
import assert from "node:assert/strict";
import type { CopyWay } from "../../../actions/copy/events.ts";
import { UsageError } from "../../../base/errors.ts";
import { command } from "./cp.ts";
import { sortWords } from "../../parser/parse.ts";
import { resolveWords } from "../../parser/parsed_args.ts";
import type { ResolvedCopy } from "./resolve.ts";

async function resolved(line: string): Promise<ResolvedCopy> {
  const sorted = await sortWords(command, line.split(" "), "kodama cp");
  const words = resolveWords(command, { ...sorted, trailing: undefined }, {
    environment: () => undefined,
    spoken: "kodama cp",
  });
  return command.resolve(words) as ResolvedCopy;
}

const ways: readonly (readonly [line: string, way: Partial<CopyWay>, pods: string])[] = [
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
    const { options } = await resolved(line);
    for (const [name, value] of Object.entries(way)) {
      assert.deepEqual(options.way[name as keyof CopyWay], value, name);
    }
    const { namespaces, operands } = options.selection;
    const where = namespaces.kind === "named" ? namespaces.names : [];
    assert.equal([...where, ...operands.map(({ name }) => name)].join(" "), pods);
  });
}

Deno.test("one named pod is shown as kubectl shows it; a selection with its sum", async () => {
  assert.equal((await resolved("web-0:/b .")).view.single, true);
  assert.equal((await resolved("web-0 :/b .")).view.single, false);
});

const wrong: readonly (readonly [line: string, message: RegExp])[] = [
  ["a b", /neither side/],
  ["web-0:/a -", /- is not a path/],
  ["- web-0:/a", /- is not a path/],
  [":/a :/b", /one source/],
  [":/a web-0:/b", /one source/],
  ["-l app=web web-0:/a .", /--selector chooses pods/],
  ["deploy/web web-0:/a .", /deploy\/web chooses pods/],
  ["a web-0:", /no path/],
  ["a /web-0/x/y:", /neither side/],
  ["a x/y/z:/b", /NAMESPACE\/POD:PATH/],
  ["a /:/b", /neither side/],
];

for (const [line, message] of wrong) {
  Deno.test(`refused: kodama cp ${line}`, async () => {
    await assert.rejects(resolved(line), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  });
}
