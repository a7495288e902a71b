/** `examples/vscode/tasks.json`: every task is run as VS Code would run it, with its inputs' defaults. */
import assert from "node:assert/strict";
import { runCommand } from "./harness/command.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { SourceKodama } from "./harness/source_kodama.ts";

/** What is used of https://code.visualstudio.com/docs/reference/tasks-appendix. */
interface TasksFile {
  version: string;
  tasks: readonly {
    label: string;
    type: string;
    command: string;
    args: readonly string[];
    problemMatcher: readonly unknown[];
  }[];
  inputs: readonly {
    id: string;
    type: "promptString" | "pickString";
    description: string;
    default: string;
    options?: readonly string[];
  }[];
}

const path = new URL("../examples/vscode/tasks.json", import.meta.url);
const file: TasksFile = JSON.parse(await Deno.readTextFile(path));
const variable = /\$\{input:(\w+)\}/g;

/** Every value that a person may be given to choose; of a text its default alone. */
function choices({ type, options = [], default: usual }: TasksFile["inputs"][number]): string[] {
  return type === "pickString" ? [...options] : [usual];
}

Deno.test("each input of the tasks is declared once, is used, and has a default that is a choice", () => {
  assert.equal(file.version, "2.0.0");
  const used = file.tasks.flatMap(({ args }) =>
    args.flatMap((word) => [...word.matchAll(variable)].map(([, id]) => id))
  );
  const ids = file.inputs.map(({ id }) => id);
  assert.deepEqual([...new Set(used)].toSorted(), ids.toSorted());
  assert.equal(new Set(file.tasks.map(({ label }) => label)).size, file.tasks.length);
  for (const input of file.inputs) {
    assert.ok(choices(input).includes(input.default), input.id);
    assert.ok(input.description.length > 0);
  }
  for (const { type, problemMatcher } of file.tasks) {
    // Without it VS Code asks, at each first run, what to look for in the output.
    assert.deepEqual({ type, problemMatcher }, { type: "shell", problemMatcher: [] });
  }
});

Deno.test("each task does what its label says, whatever is chosen", async (t) => {
  await using cluster = await startTestCluster("weka:computes=0,clients=0");
  const kodama = await SourceKodama.on(cluster);
  for (const { label, command, args } of file.tasks) {
    const asked = file.inputs.filter(({ id }) => args.some((word) => word.includes(`:${id}}`)));
    const picked = asked.find(({ type }) => type === "pickString");
    for (const choice of picked === undefined ? [""] : choices(picked)) {
      await t.step(choice === "" ? label : `${label}: ${choice}`, async () => {
        const value = (id: string) =>
          id === picked?.id ? choice : file.inputs.find((one) => one.id === id)?.default ?? "";
        const words = args.map((word) => word.replace(variable, (_, id: string) => value(id)));
        const { code, stdout, stderr } = await runCommand([`${kodama.bin}/${command}`, ...words], {
          env: kodama.env,
        });
        if (args[0] === "shell") {
          // No user is at this terminal to choose one of the drives.
          assert.equal(code, 2, stdout + stderr);
          assert.match(stderr, /^error: a shell is for one pod, and \d match: weka-drive-0, /);
          return;
        }
        assert.equal(code, 0, stderr);
        assert.match(stdout, /weka-drive-/);
      });
    }
  }
});
