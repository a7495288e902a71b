/** Checksums that are made here are those that programs print. */
import { noneOf, unless } from "../base/testing/unless.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { checksumMaker, type ChecksumName, checksumPreferences } from "./checksum.ts";
import { nativeChecksums } from "./local/files.ts";

/** How this machine comes by a program: its own, or busybox's. */
async function programOf(name: ChecksumName): Promise<string[] | undefined> {
  for (const words of [[name], ["busybox", name]]) {
    const [program = "", ...args] = words;
    try {
      const command = new Deno.Command(program, { args: [...args, "/dev/null"], stderr: "null" });
      if ((await command.output()).success) return words;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

for (const name of checksumPreferences.auto) {
  const words = await programOf(name);
  Deno.test(
    unless(noneOf({ [name]: words?.[0] }), `${name} is what the program prints`),
    async () => {
      const [program = "", ...args] = words ?? [];
      const make = await checksumMaker(name, nativeChecksums);
      const path = await Deno.makeTempFile();
      try {
        const bytes = fc.uint8Array({ maxLength: 5000, size: "max" });
        await fc.assert(
          fc.asyncProperty(bytes, fc.integer({ min: 1, max: 5000 }), async (whole, cut) => {
            await Deno.writeFile(path, whole);
            const printed = await new Deno.Command(program, { args: [...args, path] }).output();
            const checksum = make();
            checksum.update(whole.subarray(0, cut));
            checksum.update(whole.subarray(cut));
            const [first] = new TextDecoder().decode(printed.stdout).split(" ");
            assert.equal(checksum.result(), first);
          }),
          { numRuns: 25 },
        );
      } finally {
        await Deno.remove(path);
      }
    },
  );
}

Deno.test("a checksum of what came so far doesn't end it", async () => {
  for (const name of checksumPreferences.auto) {
    const make = await checksumMaker(name, nativeChecksums);
    const [one, other] = [make(), make()];
    one.update(Uint8Array.of(1, 2));
    assert.notEqual(one.result(), "");
    one.update(Uint8Array.of(3));
    other.update(Uint8Array.of(1, 2, 3));
    assert.equal(one.result(), other.result(), name);
  }
});
