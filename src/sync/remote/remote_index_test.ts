/** The known facts of a pod's files, whose file systems store times in units of their own. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { runs } from "../testing/runs.ts";
import { ListingReader } from "./listing.ts";
import { RemoteIndex } from "./remote_index.ts";

/** A time in microseconds, as a pod's programs print it. */
function timeText(at: number): string {
  return `${Math.floor(at / 1e6)}.${String(at % 1e6).padStart(6, "0")}000`;
}

const step = fc.record({
  after: fc.oneof(fc.nat(3000), fc.nat(300_000), fc.nat(5_000_000)),
  what: fc.constantFrom("save", "save", "look", "look", "look and save"),
});

Deno.test("whatever units a file system stores times in, a save that keeps size and time isn't missed", () => {
  const units = fc.constantFrom(1, 1000, 10_000, 1_000_000, 2_000_000);
  fc.assert(
    fc.property(units, fc.array(step, { maxLength: 20, size: "max" }), (unit, steps) => {
      const index = new RemoteIndex();
      let [now, changed, content] = [1_700_000_000_000_000, 1_700_000_000_000_000, 0];
      const save = () => [content, changed] = [content + 1, now - now % unit];
      for (const { after, what } of steps) {
        now += after;
        if (what === "save") {
          save();
          continue;
        }
        const reader = new ListingReader();
        // The loop's own file is on another file system, with precise times.
        reader.take(`S f644 0 ${timeText(now)} ${timeText(now)} 2`);
        reader.take(`f644 1 5.000000000 ${timeText(changed)} 1 ./a`);
        const listing = reader.result();
        index.replace(listing);
        now += 100;
        if (what === "look and save") save();
        if (index.lacksDigest("a")) index.summed("a", String(content), listing.startedAt);
        const entry = index.entry("a");
        if (what === "look") assert.equal(entry?.kind === "file" && entry.digest, String(content));
      }
    }),
    { numRuns: runs(2000) },
  );
});
