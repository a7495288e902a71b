/** The listings of a pod: parsed, and trusted no further. */
import assert from "node:assert/strict";
import { remoteFailure } from "./batch.ts";
import { sumOfLine } from "./digests.ts";
import { entryOfStat, isBefore, ListingReader } from "./listing.ts";

function listing(...lines: string[]) {
  const reader = new ListingReader();
  for (const line of lines) reader.take(line);
  const { stats, unread, withOthers } = reader.result();
  const entries = [...stats].map(([path, stat]) => {
    const entry = entryOfStat(stat, "digest");
    return `${path} ${entry?.kind ?? "-"}`;
  });
  return { entries, unread: [...unread], holdOthers: [...withOthers], stats };
}

Deno.test("GNU's numbers and busybox's dates are the same stats", () => {
  const find = listing("f644 12 1700000000.1234567890 1700000001.5000000000 42 ./a b");
  const stat = listing("81a4 12 1700000000.123456789 1700000001.500000000 42 ./a b");
  const busybox = listing(
    "81a4 12 2023-11-14 22:13:20.123456789 +0000 2023-11-14 22:13:21.500000000 +0000 42 ./a b",
  );
  assert.deepEqual([find.entries, stat.entries, busybox.entries], [["a b file"], ["a b file"], [
    "a b file",
  ]]);
  assert.equal(find.stats.get("a b")?.text, stat.stats.get("a b")?.text);
  assert.equal(find.stats.get("a b")?.modified, busybox.stats.get("a b")?.modified);
  assert.equal(find.stats.get("a b")?.mtimeMs, 1_700_000_000_123);
});

Deno.test("a link has its text, and none without one", () => {
  const { entries } = listing(
    "l777 3 1.0 1.0 7 ./link",
    "L ./link",
    ">to > there",
    "l777 3 1.0 1.0 8 ./other",
  );
  assert.deepEqual(entries, ["link symlink", "other -"]);
});

Deno.test("paths that lead out, lines that make no sense, and complaints leave their place unread", () => {
  const { entries, unread } = listing(
    "f644 1 1.0 1.0 1 ./../etc/passwd",
    "f644 1 1.0 1.0 1 /etc/passwd",
    "f644 1 1.0 1.0 1 ./d/../../x",
    "find: nonsense",
    "E find: './secret': Permission denied",
    "E stat: cannot statx './gone': No such file or directory",
    "f644 1 1.0 1.0 1 ./good",
  );
  assert.deepEqual(entries, ["good file"]);
  assert.deepEqual(unread.sort(), ["", "d", "secret"]);
});

Deno.test("a name that isn't UTF-8 is left alone, and not the folder that it is in", () => {
  const { entries, unread, holdOthers: withOthers } = listing(
    "d755 1 1.0 1.0 1 ./d",
    "d755 1 1.0 1.0 2 ./d/b\uFFFDd",
    "f644 1 1.0 1.0 3 ./d/b\uFFFDd/in it",
    "f644 1 1.0 1.0 4 ./d/good",
  );
  assert.deepEqual(entries, ["d folder", "d/good file"]);
  assert.deepEqual([unread, withOthers], [["d/b\uFFFDd"], ["d"]]);
});

Deno.test("a folder with a name that no line can hold is marked, sockets are nothing that is synced", () => {
  const { entries, holdOthers: withOthers } = listing(
    "d755 1 1.0 1.0 1 ./d",
    "N ./d",
    "s755 0 1.0 1.0 2 ./s",
  );
  assert.deepEqual([entries, withOthers], [["d folder", "s -"], ["d"]]);
});

Deno.test("a listing that is longer than any folder is cut, and says so", () => {
  const reader = new ListingReader(1);
  for (const name of ["a", "b", "c"]) reader.take(`f644 1 1.0 1.0 1 ./${name}`);
  const { stats, unread } = reader.result();
  assert.deepEqual([[...stats.keys()], [...unread]], [["a"], [""]]);
});

Deno.test("a time is before another only where that is certain", () => {
  assert.equal(isBefore("5.1", "5.2"), true);
  assert.equal(isBefore("5.2", "5.1"), false);
  assert.equal(isBefore("5.100000000", "5.1"), false);
  assert.equal(isBefore("5.9", "6.0"), true);
  assert.equal(isBefore("5.123456789", "5.123456790"), true);
  assert.equal(isBefore("5", "5"), false);
  assert.equal(isBefore("5", ""), false);
  // The file system may have stored tenths, whole seconds, or every other second.
  assert.equal(isBefore("5.100000000", "5.199999999"), false);
  assert.equal(isBefore("4.000000000", "5.9"), false);
  assert.equal(isBefore("4", "6.0"), true);
});

Deno.test("sums of names with backslashes, and lines that are none", () => {
  const hash = "0".repeat(64);
  assert.deepEqual(sumOfLine(`${hash}  ./a b`, "sha256sum"), { path: "a b", sum: hash });
  assert.deepEqual(sumOfLine(`\\${hash}  ./a\\\\b`, "sha256sum"), { path: "a\\b", sum: hash });
  assert.equal(sumOfLine(`${hash}  /etc/passwd`, "sha256sum"), undefined);
  assert.equal(sumOfLine("sha256sum: ./x: No such file", "sha256sum"), undefined);
  assert.deepEqual(sumOfLine("123 45 ./a", "cksum"), { path: "a", sum: "123-45" });
});

Deno.test("a pod's messages distinguish a full disk from a missing permission", () => {
  const reasons = [
    "tar: ./n/x: Cannot write: No space left on device",
    "mv: cannot move 'x': Permission denied",
    "rmdir: failed to remove './d': Directory not empty",
    "",
    "tar: ./n/big: Wrote only 5120 of 10240 bytes",
  ].map((text) => remoteFailure(text).reason);
  assert.deepEqual(reasons, ["full", "denied", "notEmpty", "other", "full"]);
});
