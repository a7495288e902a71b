import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { noteRecording } from "./recording_note.ts";

Deno.test("`noteRecording()` says once that outputs are stored, and how to turn that off", async () => {
  const { host, notes, files } = simulatedHost({});
  await noteRecording(host);
  assert.equal(notes.size, 1);
  assert.match([...notes].join(), /stored for 30 days.*runs\.outputs/);
  notes.clear();
  await noteRecording(host);
  assert.equal(notes.size, 0);
  assert.deepEqual([...files.keys()], ["/config/runs/.noted"]);
});

Deno.test("`noteRecording()` says nothing if outputs aren't stored", async () => {
  const settings = { "/config/config.yaml": "runs: { outputs: false }\n" };
  const { host, notes } = simulatedHost({}, { files: settings });
  await noteRecording(host);
  assert.equal(notes.size, 0);
});
