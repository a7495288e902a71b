/** The gate's table of kubectl's flags against the help of the real kubectl: whether each takes a value. */
import assert from "node:assert/strict";
import { parseKubectl } from "../../src/gate/kubectl.ts";
import { Kubectl, kubectlMissing } from "../harness/kubectl.ts";

const missing = await kubectlMissing();

/** `  -n, --namespace='':` and `      --all=false:`. */
const flagLine = /^ {2,8}(?:(-\w), )?(--[\w-]+)(?:=(.*?))?:$/gm;

/** They need no value, and then have one of their own. */
const optional = new Set(["--dry-run", "--validate", "--cascade"]);

/** Returns the names under `Available Commands`; none for a command without parts. */
function partsOf(help: string): string[] {
  const [, list = ""] = /^Available Commands:\n((?: {2}.*\n)+)/m.exec(help) ?? [];
  return [...list.matchAll(/^ {2}([\w-]+)/gm)].map(([, name = ""]) => name);
}

Deno.test({
  name: `the gate reads each flag of each verb as kubectl does${
    missing === undefined ? "" : ` (skipped: ${missing})`
  }`,
  ignore: missing !== undefined,
  async fn() {
    const kubectl = new Kubectl({ PATH: Deno.env.get("PATH") ?? "", HOME: "/nonexistent" });
    const [all] = await Promise.all([kubectl.ok("--help")]);
    const names = [...all.matchAll(/^ {2}([a-z][\w-]*) {2,}/gm)].map(([, name = ""]) => name);
    const wrong: string[] = [];
    let flags = 0;
    const compare = async (path: readonly string[]): Promise<void> => {
      const help = await kubectl.ok(...path, "--help");
      for (const [, short, long, value] of help.matchAll(flagLine)) {
        for (const name of [short, long].filter((one) => one !== undefined)) {
          flags += 1;
          const [flag] = parseKubectl([...path, name, "VALUE"]).flags;
          const actual = flag?.kind === undefined ? "unknown" : flag.value ?? "switch";
          const isSwitch = value === "true" || value === "false" || optional.has(name);
          if (actual !== (isSwitch ? "switch" : "VALUE")) wrong.push(`${path.join(" ")} ${name}`);
        }
      }
      if (path.length < 2) { for (const part of partsOf(help)) await compare([...path, part]); }
    };
    for (const name of names) await compare([name]);
    assert.deepEqual(wrong, []);
    assert.ok(flags > 500, `${flags} flags of ${names.length} verbs`);
  },
});
