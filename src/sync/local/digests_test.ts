/** When an earlier digest is reused. */
import assert from "node:assert/strict";
import { digestsOf } from "../remote/digests.ts";
import { nativeChecksums } from "../../copy/local/files.ts";
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
    digests.keepOnly(new Map());
    assert.equal(at(long), await digestOf("3"), "and forgotten with its path");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
