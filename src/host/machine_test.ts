import assert from "node:assert/strict";
import { localMachine } from "./machine.ts";
import { writeProgram } from "../base/testing/program_file.ts";

const none = { stdin: false, stdout: false, stderr: false };

Deno.test("a program is found on PATH, in its order, and only where it can be run", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-machine-" });
  try {
    for (const name of ["a", "b"]) await Deno.mkdir(`${folder}/${name}`);
    await Deno.writeTextFile(`${folder}/a/tool`, "", { mode: 0o644 });
    await writeProgram(`${folder}/b/tool`, "");
    const machine = localMachine(none, () => `${folder}/a::${folder}/b`);
    assert.equal(await machine.findProgram("tool"), `${folder}/b/tool`);
    assert.equal(await machine.findProgram("other"), undefined);
    assert.equal(await localMachine(none, () => undefined).findProgram("tool"), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("output is kept up to a limit, and the program still comes to its end", async () => {
  const machine = localMachine(none, () => undefined);
  const words = [
    "eval",
    "--quiet",
    "await Deno.stdout.write(new Uint8Array(300_000).fill(97));Deno.exit(3)",
  ];
  const { code, stdout } = await machine.capture(
    Deno.execPath(),
    words,
    new AbortController().signal,
  );
  assert.equal(code, 3);
  assert.equal(stdout, "a".repeat(64 * 1024));
});

Deno.test("lines of a program come from both streams, and its exit code at their end", async () => {
  const machine = localMachine(none, () => undefined);
  const { signal } = new AbortController();
  const script = 'cat; echo two >&2; printf "three\r\nfour"; exit 3';
  const lines = machine.lines("sh", ["-c", script], { stdin: "one\n", signal });
  const seen: string[] = [];
  let next = await lines.next();
  for (; !next.done; next = await lines.next()) seen.push(next.value);
  assert.deepEqual({ seen, code: next.value }, { seen: ["one", "two", "three", "four"], code: 3 });
});

Deno.test({
  name: "a program that may not be run is said with the way out",
  permissions: { run: false },
  async fn() {
    const machine = localMachine(none, () => undefined);
    await assert.rejects(machine.capture("sh", ["-c", ":"], new AbortController().signal), {
      kind: "environment",
      message: "not allowed to run sh",
      hint: "allow it with KODAMA_ALLOW_RUN=sh",
    });
  },
});
