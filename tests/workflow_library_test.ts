/**
 * The workflows that come with kodama, and the examples of their reference: each is held against the checks, and run
 * on an embedded cluster.
 */
import assert from "node:assert/strict";
import type { Host } from "../src/actions/host.ts";
import { runSteps } from "../src/actions/workflow/run_steps.ts";
import { testWorkflows } from "../src/actions/workflow/test_workflows.ts";
import { checkWorkflows } from "../src/actions/workflow/files.ts";
import { inProcessCluster, thisMachine } from "./harness/cluster_in_process.ts";
import { outputTexts, referencePage, referenceParts } from "../tools/workflow_reference.ts";
import { referenceFile } from "../tools/schemas.ts";

const folder = new URL("../workflows/", import.meta.url);
const { signal } = new AbortController();

async function names(pattern: RegExp): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  return found.filter((name) => pattern.test(name)).toSorted();
}

Deno.test("nothing is wrong with any workflow that comes with kodama, and each has a test", async () => {
  const files = await names(/(?<!\.test)\.yaml$/);
  assert.ok(files.length >= 8);
  const paths = files.map((name) => new URL(name, folder).pathname);
  for (const { path, diagnostics } of await checkWorkflows(thisMachine(), paths)) {
    assert.deepEqual(diagnostics, [], path);
  }
  const tested = (await names(/\.test\.yaml$/)).map((name) => name.replace(".test", ""));
  assert.deepEqual(files.filter((name) => !tested.includes(name)), ["kwekash.yaml"]);
});

Deno.test("the tests of the library: each case comes to what it says", async () => {
  const files = (await names(/\.test\.yaml$/)).map((name) => new URL(name, folder).pathname);
  let cases = 0;
  for await (
    const event of testWorkflows(thisMachine(), files, { signal, trust: { trustNow: false } })
  ) {
    if (event.kind !== "caseEnded") continue;
    cases += 1;
    assert.deepEqual(event.differences, [], `${event.file}: ${event.name}`);
  }
  assert.ok(cases >= 15, `only ${cases} cases`);
});

Deno.test("every field of the reference stands in an example of its part", () => {
  for (const { title, fields, examples } of referenceParts()) {
    const text = examples.map((one) => one.text).join("\n");
    const missing = Object.keys(fields)
      .filter((field) => !new RegExp(`(?:^|[{,\\s])${field.split(".").at(-1)}:`, "m").test(text));
    assert.deepEqual(missing, [], title);
  }
});

Deno.test("every output of a kind of step has a meaning in the reference", () => {
  const names = referenceParts().flatMap(({ outputs = {} }) => Object.keys(outputs));
  assert.deepEqual(names.filter((name) => outputTexts[name] === undefined), []);
});

Deno.test("docs/workflow-reference.md is that of the code (deno task schema:update)", async () => {
  assert.equal(await Deno.readTextFile(referenceFile), referencePage());
});

Deno.test("every example of the reference runs, and ends well", async (t) => {
  await using cluster = await inProcessCluster("weka");
  for (const { title, examples } of referenceParts()) {
    for (const { title: name, text } of examples) {
      await t.step(`${title}: ${name}`, async () => {
        await using work = await cluster.folder();
        const path = `${work.path}/example.yaml`;
        await Deno.writeTextFile(path, text);
        const expected = name === "group" ? "rescued" : "ok";
        assert.equal((await outcomeOf(cluster.host, path))?.outcome, expected);
      });
    }
  }
});

Deno.test("outputs and files of megabytes: dumps, bundles of certificates, logs", async () => {
  await using cluster = await inProcessCluster("weka");
  await using work = await cluster.folder();
  const { certificate } = await readAuthority(cluster.host);
  await Deno.writeTextFile(`${work.path}/bundle.pem`, certificate.repeat(1_000));
  const setup = `select: { namespace: weka-operator-system, match: weka-drive- }
permissions: { read: true }
steps:
  - exec: |
      printf '#!/bin/sh\\nseq 1 600000\\n' >/tmp/dump
      printf '#!/bin/sh\\nseq 1 60000 >&2\\n' >/tmp/empty
      chmod +x /tmp/dump /tmp/empty
  - copy: { from: ./bundle.pem, to: ":/tmp/bundle.pem" }
`;
  await Deno.writeTextFile(`${work.path}/setup.yaml`, setup);
  const all = { namespace: "weka-operator-system", match: "weka-drive-" };
  const built = (name: string) => new URL(`${name}.yaml`, folder).pathname;
  const runs:
    readonly (readonly [path: string, params: Record<string, string>, outcome: string])[] = [
      [`${work.path}/setup.yaml`, {}, "ok"],
      [built("database-backup"), { ...all, program: "/tmp/dump", to: work.path }, "ok"],
      [
        built("database-backup"),
        { ...all, program: "/tmp/empty", to: `${work.path}/empty` },
        "failed",
      ],
      [built("certificate-expiry"), { ...all, path: "/tmp/bundle.pem", days: "0" }, "ok"],
      [built("log-bundle"), { ...all, to: `${work.path}/logs` }, "ok"],
    ];
  for (const [path, params, expected] of runs) {
    const outcome = await outcomeOf(cluster.host, path, params);
    assert.equal(outcome?.outcome, expected, `${path}: ${JSON.stringify(outcome)}`);
  }
  const dumps = (await Array.fromAsync(Deno.readDir(work.path), ({ name }) => name))
    .filter((name) => name.endsWith(".out"));
  const sizes = dumps.map((name) => Deno.statSync(`${work.path}/${name}`).size);
  assert.ok(sizes.some((size) => size > 4_000_000), sizes.join(" "));
});

Deno.test("whoever names the pods is asked for no parameter that only chooses them", async () => {
  await using cluster = await inProcessCluster("weka");
  const namespace = "weka-operator-system";
  const [context = ""] = (await cluster.host.contexts()).map(({ name }) => name);
  const only = ["weka-drive-0", "weka-drive-2"].map((pod) => ({ context, namespace, pod }));
  const namespaces = { kind: "named" as const, names: [namespace] };
  const path = new URL("disk-usage.yaml", folder).pathname;
  await assert.rejects(outcomeOf(cluster.host, path, { limit: "101" }), /match must be given/);
  const outcome = await outcomeOf(cluster.host, path, { limit: "101" }, {
    overrides: { contexts: [context], selection: { namespaces }, only },
  });
  assert.equal(outcome?.outcome, "ok", JSON.stringify(outcome));
});

/** Returns the authority of the current cluster. */
async function readAuthority(host: Host): Promise<{ certificate: string }> {
  const config = await Deno.readTextFile(host.env("KUBECONFIG") ?? "");
  const data = /"certificate-authority-data": "([^"]+)"/.exec(config)?.[1] ?? "";
  return { certificate: atob(data) };
}

async function outcomeOf(
  host: Host,
  workflow: string,
  params: Readonly<Record<string, string>> = {},
  { overrides = {} }: { overrides?: Parameters<typeof runSteps>[1]["overrides"] } = {},
): Promise<{ outcome: string | null } | undefined> {
  const events = runSteps(host, {
    workflow,
    params: new Map(Object.entries(params)),
    overrides,
    yes: true,
    trustNow: true,
    signal,
    finallySignal: signal,
  });
  for await (const event of events) if (event.event === "runEnded") return event;
}
