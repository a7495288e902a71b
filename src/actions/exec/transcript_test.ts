import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { Transcript } from "./transcript.ts";

const size = { columns: 80, rows: 24 };
const subject = { folder: "casts", name: "prod/web-0", size, term: "xterm" };
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("a transcript is an asciicast: header, output as whole characters, sizes as they change", async () => {
  const { host, files, clock } = simulatedHost({});
  const transcript = await Transcript.open(host, subject);
  assert.equal(transcript.path, "/project/casts/prod_web-0.2026-01-01T00-00-00Z.cast");
  const euro = bytes("€");
  await transcript.output(euro.subarray(0, 1));
  clock.timer(1500, () => {});
  clock.step();
  await transcript.output(euro.subarray(1));
  await transcript.resized(size);
  await transcript.resized({ columns: 70, rows: 20 });
  await transcript.marker("the link broke");
  const lines = (files.get(transcript.path) ?? "").trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  assert.deepEqual(lines, [
    {
      version: 2,
      width: 80,
      height: 24,
      timestamp: 1767225600,
      title: "prod/web-0",
      env: { TERM: "xterm" },
    },
    [1.5, "o", "€"],
    [1.5, "r", "70x20"],
    [1.5, "m", "the link broke"],
  ]);
  assert.equal(transcript.trouble, undefined);
});

Deno.test("a second one in the same second has its own file", async () => {
  const { host, files } = simulatedHost({});
  for (const expected of ["Z.cast", "Z-2.cast"]) {
    const { path } = await Transcript.open(host, subject);
    assert.ok(path.endsWith(expected), path);
  }
  assert.equal(files.size, 2);
});

Deno.test("a transcript ends at its limit, and says so", async () => {
  const { host, files } = simulatedHost({});
  const transcript = await Transcript.open(host, subject, 300);
  for (let turn = 0; turn < 50; turn++) await transcript.output(bytes("0123456789"));
  const text = files.get(transcript.path) ?? "";
  assert.ok(text.length < 400, text);
  assert.match(text, /"m","the limit is reached"\]\n$/);
  assert.equal(transcript.trouble, "it ends at 300 bytes");
});

Deno.test("a full disk ends the transcript, and not what it is of", async () => {
  let full = false;
  const { host } = simulatedHost({}, { fullDisk: () => full });
  const transcript = await Transcript.open(host, subject);
  full = true;
  await transcript.output(bytes("lost"));
  await transcript.output(bytes("lost too"));
  assert.match(transcript.trouble ?? "", /No space left on device/);
});
