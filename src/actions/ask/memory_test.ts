import assert from "node:assert/strict";
import { UsageError } from "../../base/errors.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { maxMemory, readMemory, writeInstructions, writeMemory } from "./memory.ts";

Deno.test("writeMemory(): a context's name isn't a path, and its memory is the context's alone", async () => {
  const { host, files } = simulatedHost({});
  await writeMemory(host, "../../.bashrc", "one\n");
  await writeMemory(host, "arn:aws:eks:cluster/prod", "two");
  const folder = `${host.places.configDir}/memory/`;
  for (const path of files.keys()) {
    assert.match(path.slice(folder.length), /^[^/.]+\.md$/, path);
  }
  assert.equal((await readMemory(host, "../../.bashrc")).text, "one");
  assert.equal((await readMemory(host, "arn:aws:eks:cluster/prod")).text, "two");
});

Deno.test("writeMemory(), writeInstructions(): a text that is too long changes nothing, an empty one removes", async () => {
  const { host, files } = simulatedHost({});
  await writeMemory(host, "lab", "x".repeat(maxMemory));
  await assert.rejects(writeMemory(host, "lab", "y".repeat(maxMemory + 1)), UsageError);
  assert.equal((await readMemory(host, "lab")).text, "x".repeat(maxMemory));
  await assert.rejects(writeInstructions(host, "z".repeat(4001)), UsageError);
  await writeMemory(host, "lab", "  \n");
  assert.equal(files.size, 0);
});
