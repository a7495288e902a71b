import assert from "node:assert/strict";
import { parseKubectl } from "../../gate/kubectl.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { checkPatch } from "./check_patch.ts";

const { host } = simulatedHost({}, {
  files: {
    "/project/good.yaml": "spec:\n  replicas: 2\n",
    "/project/bad.yaml": "spec:\n  a: [1\n",
  },
});

/** The first line of the error; `ok` without an error. */
async function checked(...args: string[]): Promise<string> {
  try {
    await checkPatch(host, parseKubectl(["patch", "deploy", "web", ...args]));
    return "ok";
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
}

Deno.test("checkPatch() accepts patches of each type, as JSON and YAML", async () => {
  for (
    const args of [
      ["-p", '{"spec":{"replicas":2}}'],
      ["--patch=spec: {replicas: 2}"],
      ["--type", "merge", "-p", "{}"],
      ["--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":null}]'],
      ["--type=json", "-p", '[{"op":"move","path":"/a","from":"/b"},{"op":"remove","path":""}]'],
      ["--patch-file", "good.yaml"],
      // A pipe is for kubectl to read.
      ["--patch-file", "/dev/fd/63"],
    ]
  ) assert.equal(await checked(...args), "ok", args.join(" "));
});

Deno.test("checkPatch() names the position of what isn't a patch, before anything is sent", async () => {
  const rows: [string[], RegExp][] = [
    [["-p", '{"spec":{"replicas":2}'], /^--patch:1:\d+: /],
    [
      ["-p", '[{"op":"add"}]'],
      /^--patch:1:1: a strategic patch is a mapping; a list of operations has the type json$/,
    ],
    [["--type=merge", "-p", "2"], /^--patch:1:1: a merge patch is a mapping$/],
    [
      ["--type=json", "-p", '{"spec":{}}'],
      /^--patch:1:1: a JSON patch is a list of operations; a mapping has the type merge$/,
    ],
    [
      ["--type=json", "-p", '[{"op":"set","path":"/a"}]'],
      /^--patch:1:8: op is one of add, replace, test, /,
    ],
    [["--type=json", "-p", '[{"op":"add","path":"/a"}]'], /^--patch:1:2: add needs a value$/],
    [
      ["--type=json", "-p", '[{"op":"remove","path":"a"}]'],
      /^--patch:1:\d+: path is a path such as /,
    ],
    [["--type=json", "-p", '[{"op":"copy","path":"/a"}]'], /^--patch:1:2: from is a path such as /],
    [["--type=json", "-p", "[x]"], /^--patch:1:2: an operation is a mapping$/],
    [["--patch-file", "bad.yaml"], /^bad\.yaml:\d:\d+: /],
    [["--patch-file", "absent.yaml"], /^ok$/],
  ];
  for (const [args, expected] of rows) {
    assert.match(await checked(...args), expected, args.join(" "));
  }
});
