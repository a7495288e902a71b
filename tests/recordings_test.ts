/**
 * Runs in every situation, through every face: the events are of the published schemas, and each face shows what its
 * file says. `deno task golden:update` rewrites the files.
 */
import assert from "node:assert/strict";
import * as v from "valibot";
import { runEventShape } from "../src/exec/event_shapes.ts";
import { publishedEvents, shownByFaces } from "./harness/run_faces.ts";
import { recordingNames, recordRun } from "./harness/run_recordings.ts";
import { allFiles, recordingFolder } from "./recordings.ts";

Deno.test("recordings: the published events, and what each face shows", async () => {
  const files = await allFiles();
  for (const [file, text] of files) {
    assert.equal(text, await Deno.readTextFile(new URL(file, recordingFolder)), file);
    if (!file.endsWith(".jsonl")) continue;
    for (const line of text.trimEnd().split("\n")) {
      const { success, output, issues } = v.safeParse<v.GenericSchema>(
        runEventShape,
        JSON.parse(line),
      );
      assert.ok(success, `${line}: ${issues?.map(({ message }) => message)}`);
      assert.deepEqual(output, JSON.parse(line));
    }
  }
  const found = await Array.fromAsync(Deno.readDir(recordingFolder), ({ name }) => name);
  assert.deepEqual(found.toSorted(), files.map(([file]) => file).toSorted());
});

Deno.test("recording: there is one of every kind of event", async () => {
  const kinds = new Set<string>();
  for (const name of recordingNames) {
    for (const { event } of publishedEvents(await recordRun(name))) kinds.add(event);
  }
  const known = runEventShape.options.map(({ entries }) => entries.event.literal);
  assert.deepEqual(known.filter((kind) => !kinds.has(kind)), []);
});

/** Faces that show one document of all targets, or each step alone. */
const wholeFaces = ["command line, -o json", "runs show"];

Deno.test("recording: every face says why a target or a step wasn't ok", async () => {
  for (const name of recordingNames) {
    const recording = await recordRun(name);
    const ended = publishedEvents(recording).filter((event) =>
      event.event === "targetEnded" || event.event === "stepEnded" || event.event === "runEnded"
    );
    const shown = await shownByFaces(recording);
    for (const [face, text] of shown) {
      if (wholeFaces.includes(face)) continue;
      for (const { event, error } of ended) {
        // The step's own reason has those of its pods.
        if (face === "command line and tool" && event === "targetEnded") continue;
        if (face.startsWith("folded") && event !== "targetEnded") continue;
        if (error === null || event === "runEnded" && face.startsWith("page")) continue;
        assert.ok(text.includes(error), `${name}, ${face}: ${event}: ${error}`);
      }
    }
  }
});
