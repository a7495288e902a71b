import assert from "node:assert/strict";
import { isAlive, processStart, signalProcess } from "./process_identity.ts";

Deno.test("`processStart()` with the pid identifies a process", async () => {
  const start = await processStart(Deno.pid);
  assert.ok(start);
  assert.equal(await processStart(Deno.pid), start);
  assert.equal(await isAlive({ pid: Deno.pid, processStart: start }), true);
  assert.equal(await isAlive({ pid: Deno.pid, processStart: `${start}0` }), false);
  assert.equal(await isAlive({ pid: Deno.pid, processStart: "" }), false);
});

Deno.test("`signalProcess()` signals a process by its identity, and no other one with its pid", async () => {
  const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
  const { pid } = child;
  assert.equal(await signalProcess({ pid, processStart: "another boot/1" }, "SIGKILL"), false);
  assert.equal(await signalProcess({ pid, processStart: "" }, "SIGKILL"), false);
  const start = await processStart(pid);
  assert.ok(start, "the process was ended");
  assert.equal(await signalProcess({ pid, processStart: start }, "SIGTERM"), true);
  assert.equal((await child.status).signal, "SIGTERM");
  assert.equal(await isAlive({ pid, processStart: start }), false);
  assert.equal(await signalProcess({ pid, processStart: start }, "SIGTERM"), false);
});

Deno.test("a process that has ended is not alive, even if its parent hasn't waited for it", async () => {
  // The child's parent becomes a `sleep`, which never waits for it.
  const parent = new Deno.Command("sh", {
    args: ["-c", "sleep 1000 >&- & echo $!; exec sleep 1000 >&-"],
    stdout: "piped",
  }).spawn();
  try {
    const pid = Number(await new Response(parent.stdout).text());
    const start = await processStart(pid);
    assert.ok(start);
    const child = { pid, processStart: start };
    assert.equal(await signalProcess(child, "SIGKILL"), true);
    for (let tries = 0; await isAlive(child); tries++) assert.ok(tries < 500, "a zombie is alive");
    if (Deno.build.os === "linux") {
      // Read by a program: Deno opens /proc only with all permissions.
      const stat = await new Deno.Command("cat", { args: [`/proc/${pid}/stat`] }).output();
      assert.match(new TextDecoder().decode(stat.stdout), /^\d+ \(sleep\) Z /);
    }
  } finally {
    parent.kill("SIGKILL");
    await parent.status;
  }
});
