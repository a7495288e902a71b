/** The published schemas are those of the code, and the code writes what they say. */
import assert from "node:assert/strict";
import * as v from "valibot";
import { targetReportShape } from "../src/exec/report_shapes.ts";
import { recordLineShape } from "../src/exec/event_shapes.ts";
import { exec } from "../src/actions/exec/exec.ts";
import type { ExecOptions } from "../src/actions/exec/events.ts";
import { simulatedHost } from "../src/actions/testing/simulated_host.ts";
import type { PodScript } from "../src/exec/testing/simulated_pod.ts";
import { KodamaError } from "../src/base/errors.ts";
import { schemaFolder, schemaTexts } from "../tools/schemas.ts";

Deno.test("docs/schema/ holds the schemas of the code (deno task schema:update)", async () => {
  const texts = await schemaTexts();
  const published = await Array.fromAsync(Deno.readDir(schemaFolder), ({ name }) => name);
  assert.deepEqual(published.toSorted(), [...texts.keys()].toSorted());
  for (const [name, text] of texts) {
    assert.equal(await Deno.readTextFile(new URL(name, schemaFolder)), text, name);
  }
});

/** A run in which as much happens as can. */
const scripts: Record<string, PodScript> = {
  good: script("hello\nunended", 0),
  bad: script("", 3),
  killed: script("", 137),
  gone: { ...script("", 0), refusal: new KodamaError("unreachable", "no route") },
};

function script(text: string, exitCode: number): PodScript {
  const bytes = new TextEncoder().encode(text);
  return {
    openMs: 1,
    output: [{ afterMs: 1, stream: "stdout", bytes }],
    end: { kind: "exited", exitCode },
    diesOn: "TERM",
  };
}

async function run(options: Partial<ExecOptions>) {
  const failure = new KodamaError("unreachable", "no answer");
  const { host, clock, files } = simulatedHost({
    lab: { pods: scripts },
    dead: { failure },
  });
  const selection: ExecOptions["selection"] = {
    namespaces: { kind: "default" },
    operands: [],
    match: [],
    exclude: [],
    sort: "name",
    shuffle: false,
    allPhases: false,
  };
  const signal = new AbortController().signal;
  const contexts = ["lab", "dead"];
  const all = { contexts, selection, command: ["id"], signal, fanout: 1, ...options };
  const events = await clock.runUntil(Array.fromAsync(exec(host, all)));
  return { events, files };
}

/** Says every field that is there and that the shape hasn't: shapes let them pass. */
function assertShape(shape: v.GenericSchema, value: unknown): void {
  const result = v.safeParse(shape, value);
  assert.ok(result.success, JSON.stringify(result.issues?.map(({ message }) => message)));
  assert.deepEqual(result.output, value);
}

Deno.test("reports and records have the fields of their schemas, and no others", async () => {
  const reports = (await run({ outputMode: "report" })).events.flatMap((event) =>
    event.kind === "report" ? [event.report] : []
  );
  assert.equal(reports.length, 4);
  for (const report of reports) assertShape(targetReportShape, report);

  const { files } = await run({
    outputMode: "prefix",
    serial: [{ kind: "count", count: 2 }],
  });

  const [[, record] = ["", ""]] = [...files].filter(([path]) => path.startsWith("/config/runs/"));
  const lines = record.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.length > 5);
  for (const line of lines) assertShape(recordLineShape, line);
});
