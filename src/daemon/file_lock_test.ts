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
