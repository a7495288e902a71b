/** When an earlier digest is reused. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { digestsOf } from "../remote/digests.ts";
import { nativeChecksums } from "../../copy/local/files.ts";
import { runs } from "../testing/runs.ts";
import { LocalDigests } from "./digests.ts";

async function digestOf(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(bytes).toHex();
}

Deno.test("a file is read once for as long as it is as it was; one that has just changed, each time", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-digests-" });
  try {
    const digests = new LocalDigests();
    digests.use(await digestsOf("sha256sum", nativeChecksums));
    await Deno.writeTextFile(`${root}/a`, "1");
    const now = await Deno.lstat(`${root}/a`);
    const at = (changed: Date) => {
      const info = { ...now, mtime: changed, ctime: changed };
      const entry = digests.entryAt(root, "a", info);
      assert.ok(typeof entry === "object" && entry.kind === "file");
      return entry.digest;
    };
    const [long, just] = [new Date(2000, 0), new Date(Date.now() + 3_600_000)];
    // Each time with the same size, and with times that don't reveal the change.
    assert.equal(at(just), await digestOf("1"));
    await Deno.writeTextFile(`${root}/a`, "2");
    assert.equal(
      at(just),
      await digestOf("2"),
      "in the very moment of its change it is read again",
    );
    assert.equal(at(long), await digestOf("2"));
    await Deno.writeTextFile(`${root}/a`, "3");
    assert.equal(at(long), await digestOf("2"), "what has been at rest is known");
    digests.forget("a");
    assert.equal(at(long), await digestOf("3"), "unless an event says that it has changed");
    await Deno.writeTextFile(`${root}/a`, "4");
    digests.keepOnly(new Map());
    assert.equal(at(long), await digestOf("4"), "and forgotten with its path");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("whatever units a file system stores times in, a save that keeps size and time isn't missed", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-digests-" });
  try {
    const sums = await digestsOf("sha256sum", nativeChecksums);
    const digests = await Promise.all(["0", "1", "2"].map(digestOf));
    await Deno.writeTextFile(`${root}/a`, "0");
    const info = await Deno.lstat(`${root}/a`);
    const step = fc.record({
      afterMs: fc.oneof(fc.nat(5), fc.nat(300), fc.nat(5000)),
      save: fc.option(fc.nat(2)),
    });
    const steps = fc.array(step, { maxLength: 20, size: "max" });
    const unitMs = fc.constantFrom(4, 1000, 2000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), unitMs, steps, (startMs, unitMs, steps) => {
        let nowMs = 1_700_000_000_000 + startMs;
        const local = new LocalDigests(() => nowMs);
        local.use(sums);
        let [content, changedMs] = [-1, 0];
        for (const { afterMs, save } of [{ afterMs: 0, save: 0 }, ...steps]) {
          nowMs += afterMs;
          if (save !== null) {
            Deno.writeTextFileSync(`${root}/a`, String(save));
            [content, changedMs] = [save, nowMs - nowMs % unitMs];
          }
          // Deno's times of changes have whole seconds.
          const ctime = new Date(changedMs - changedMs % 1000);
          const entry = local.entryAt(root, "a", { ...info, mtime: new Date(0), ctime });
          assert.ok(typeof entry === "object" && entry.kind === "file");
          assert.equal(entry.digest, digests[content]);
        }
      }),
      { numRuns: runs(100) },
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
