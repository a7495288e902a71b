import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { newWorkflow, templates, workflowOfRun } from "./new_workflow.ts";
import type { RecordHeader } from "../../exec/event_shapes.ts";
import { endsOf, loaded, play, saying } from "../../workflow/testing/step_fixture.ts";

const source = { kind: "template", template: "command" } as const;

Deno.test("`newWorkflow()` names the JSON Schema if the folder has it", async () => {
  const schema = { "/project/workflows/workflow.schema.json": "{}" };
  for (const [files, hasLine] of [[{}, false], [schema, true]] as const) {
    const { host, files: written } = simulatedHost({}, { files });
    const path = await newWorkflow(host, "uptime", source);
    assert.equal(path, "/project/workflows/uptime.yaml");
    const [first] = (written.get(path) ?? "").split("\n");
    const line = "# yaml-language-server: $schema=./workflow.schema.json";
    assert.equal(first === line, hasLine);
  }
});

Deno.test("every template has no problems", async () => {
  for (const [name, { text }] of Object.entries(templates)) {
    const { diagnostics } = await loaded({ "w.yaml": text });
    assert.deepEqual(diagnostics, [], name);
  }
});

/** A run as it is recorded. */
const header: RecordHeader = {
  event: "record",
  version: 2,
  id: "20260101-000000-000abcd",
  at: "2026-01-01T00:00:00.000Z",
  command: ["id"],
  redacted: false,
  shell: false,
  subst: false,
  workdir: null,
  env: [],
  stdin: false,
  tty: false,
  copy: false,
  workflow: null,
  rerunOf: null,
  places: null,
  bounds: {},
};

Deno.test("`workflowOfRun()` keeps the args of the run exactly", async () => {
  const words = [
    "sh",
    "-c",
    "echo 'a: b' \"#c\" $(date)",
    "",
    "- x",
    "{y}",
    "${{ z }}",
    "$${{",
    "yes",
    "true",
    "null",
    "-",
    "-1",
    "--flag",
    ".5",
    "1e3",
    "0x1",
    "1",
  ];
  const text = workflowOfRun({ ...header, command: words }, [{ namespace: "n", pod: "p" }]);
  const { events, pods } = await play({ files: { "w.yaml": text }, pods: { p: saying("") } });
  assert.deepEqual(endsOf(events).at(-1), "= ok");
  const ran = pods.get("p")?.requests[0]?.command ?? [];
  assert.deepEqual(ran.slice(-words.length), words);
});

Deno.test("`workflowOfRun()` has the pods and the limits of the run", async () => {
  const pods = ["0", "1"].map((pod) => ({ namespace: "storage", pod: `web-${pod}` }));
  const bounds: RecordHeader["bounds"] = {
    fanout: 4,
    timeoutMs: 1500,
    serial: [{ kind: "count", count: 1 }, { kind: "percent", percent: 50 }],
    maxFail: { kind: "percent", percent: 10 },
    failFast: true,
  };
  const text = workflowOfRun({ ...header, bounds, workdir: "/my place", env: ["A"] }, pods);
  const { workflow, diagnostics } = await loaded({ "w.yaml": text });
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(workflow.select, { namespace: ["storage"], pods: ["web-0", "web-1"] });
  assert.deepEqual(workflow.steps[0]?.fields, {
    exec: ["id"],
    workdir: "/my place",
    env: { A: "CHANGE-ME" },
    fanout: 4,
    serial: [1, "50%"],
    maxFail: "10%",
    commandTimeout: "1500ms",
  });
});

Deno.test("`workflowOfRun()` selects many pods by their common prefix", async () => {
  const many = Array.from({ length: 300 }, (_, at) => ({ namespace: "n", pod: `a.web-${at}` }));
  const { workflow } = await loaded({ "w.yaml": workflowOfRun(header, many) });
  assert.deepEqual(workflow.select, { namespace: ["n"], match: "/^\\x61\\.web\\x2d/" });
  assert.match(workflowOfRun(header, [...many, { namespace: "n", pod: "z" }]), /match: CHANGE-ME/);
});
