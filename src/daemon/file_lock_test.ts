import assert from "node:assert/strict";
import { isLocked, tryFileLock } from "./file_lock.ts";

Deno.test("`tryFileLock()` gives the lock to one holder at a time", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-lock-" });
  try {
    const path = `${folder}/lock`;
    assert.equal(await isLocked(path), false);
    const lock = await tryFileLock(path);
    assert.ok(lock);
    assert.equal(await isLocked(path), true);
    assert.equal(await tryFileLock(path), undefined);
    lock[Symbol.dispose]();
    assert.equal(await isLocked(path), false);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("`tryFileLock()` waits for a process that only checks the lock, however slow it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-lock-" });
  try {
    const path = `${folder}/lock`;
    using slow = await Deno.open(path, { create: true, write: true });
    await slow.lock(false);
    let pauses = 0;
    using lock = await tryFileLock(path, async () => {
      if (++pauses === 100) await slow.unlock();
    });
    assert.ok(lock);
    assert.equal(pauses, 100);
    assert.deepEqual(await Promise.all([isLocked(path), isLocked(path)]), [true, true]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A thread that starts process after process: each has a copy of every open file at first. */
const spawner = `for (;;) {
  await new Deno.Command("true", { detached: true }).output();
  postMessage("started");
}`;

Deno.test("a lock is free once it's released, while another thread starts processes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-lock-" });
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(spawner)}`, {
    type: "module",
  });
  try {
    let started = 0;
    const enough = Promise.withResolvers<void>();
    worker.onmessage = () => ++started === 50 && enough.resolve();
    let isEnough = false;
    enough.promise.then(() => isEnough = true);
    while (!isEnough) {
      const lock = await tryFileLock(`${folder}/lock`);
      assert.ok(lock, `held after it was released, ${started} processes later`);
      lock[Symbol.dispose]();
    }
  } finally {
    worker.terminate();
    await Deno.remove(folder, { recursive: true });
  }
});
