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
