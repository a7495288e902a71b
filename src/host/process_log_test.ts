import assert from "node:assert/strict";
import { MemoryTerminal } from "../terminal/testing/memory_terminal.ts";
import { ProcessLog } from "./process_log.ts";

function opened() {
  const memory = new MemoryTerminal();
  const log = new ProcessLog({ stderr: memory.stderr, now: () => new Date(0) });
  log.command = "k";
  return { log, memory };
}

Deno.test("ProcessLog writes to each target what its level includes, records that waited too", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const { log, memory } = opened();
    log.log("info", "command", "started");
    log.log("debug", "kube", "GET /version");
    const file = `${folder}/logs/kodama.log`;
    log.open([
      { level: "info", format: "text", file: undefined },
      { level: "debug", format: "json", file },
      { level: undefined, format: "text", file: undefined },
    ]);
    log.log("error", "command", "it failed");
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).message), [
      "started",
      "GET /version",
      "it failed",
    ]);
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
    await memory.stderr.flush();
    assert.equal(
      memory.written("stderr"),
      "1970-01-01T00:00:00.000Z info    command (k): started\n" +
        "1970-01-01T00:00:00.000Z error   command (k): it failed\n",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ProcessLog masks secrets, and controls on a terminal", async () => {
  const { log, memory } = opened();
  log.open([{ level: "trace", format: "text", file: undefined }]);
  log.log("info", "gate", "kubectl get pods --token=hunter2 \u001b[2J");
  await memory.stderr.flush();
  assert.match(memory.written("stderr"), /--token=\[redacted\] \\x1b\[2J\n$/);
});

Deno.test("ProcessLog writes to equal targets once, and reports settings that it can't read", async () => {
  const { log, memory } = opened();
  const target = { level: "debug", format: "short", file: undefined, category: "kube" } as const;
  log.add(target);
  log.add({ ...target });
  assert.ok(log.includes("info") && !log.includes("trace"));
  log.openBy(() => Promise.reject(new Error("KODAMA_LOG: expected a level")));
  log.openBy(() => Promise.resolve([{ ...target, category: "command" }]));
  await log.opened();
  log.log("debug", "kube", "GET /version");
  log.log("debug", "command", "not of the category");
  await memory.stderr.flush();
  assert.equal(
    memory.written("stderr"),
    "warning: no log is written: KODAMA_LOG: expected a level\n00:00:00.000 GET /version\n",
  );
});

Deno.test("ProcessLog prints nothing on a terminal whose records a listener shows", async () => {
  for (const isTerminal of [true, false]) {
    const memory = new MemoryTerminal({ terminals: isTerminal ? ["stderr"] : [] });
    const log = new ProcessLog({ stderr: memory.stderr, now: () => new Date(0) });
    log.open([{ level: "info", format: "short", file: undefined }]);
    const seen: string[] = [];
    {
      using _listening = log.listen(({ message }) => seen.push(message));
      log.log("info", "kube", "while it is shown");
      log.openBy(() => Promise.reject(new Error("no settings")));
      await log.opened();
    }
    log.log("info", "kube", "after it");
    await memory.stderr.flush();
    assert.deepEqual(seen, ["while it is shown", "no log is written: no settings"]);
    const written = memory.written("stderr");
    assert.equal(/while it is shown[^]*no log is written/.test(written), !isTerminal);
    assert.match(written, /after it\r?\n$/);
  }
});

Deno.test("ProcessLog renames a full file, and reports once that it can't write", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/kodama.log`;
    const { log, memory } = opened();
    log.open([{ level: "info", format: "text", file }]);
    for (const old of ["oldest", "older", "old"]) {
      await Deno.writeTextFile(file, old.padEnd(5 * 1024 * 1024));
      log.log("info", "command", `after ${old}`);
    }
    const starts = await Promise.all(
      ["", ".1", ".2"].map(async (end) => (await Deno.readTextFile(file + end)).slice(0, 8)),
    );
    assert.deepEqual(starts, ["1970-01-", "old     ", "older   "]);
    await assert.rejects(Deno.stat(`${file}.3`));
    const broken = opened();
    broken.log.open([{ level: "info", format: "text", file: `${file}/x` }]);
    broken.log.log("info", "command", "one");
    broken.log.log("info", "command", "two");
    await broken.memory.stderr.flush();
    const text = broken.memory.written("stderr");
    assert.match(text, /^warning: no log is written: .*\n$/);
    assert.equal(memory.written("stderr"), "");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("ProcessLog reads its settings when there is a record, and not before", async () => {
  const { log } = opened();
  let reads = 0;
  log.openBy(() => Promise.resolve(void reads++).then(() => []));
  assert.equal(reads, 0);
  log.log("info", "command", "started");
  log.log("info", "command", "ended");
  await log.opened();
  assert.equal(reads, 1);
});
