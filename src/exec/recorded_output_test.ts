import assert from "node:assert/strict";
import fc from "fast-check";
import { OutputStore, type RecordedOutput } from "./recorded_output.ts";
import { redactOutput } from "./redact.ts";

const encoder = new TextEncoder();

/** Stores outputs by target; returns the id of each, and the distinct ones. */
function stored(
  outputs: readonly string[],
  { limitBytes = 1024 * 1024, secrets = [] as string[] } = {},
) {
  const store = new OutputStore(limitBytes);
  store.hide(secrets);
  const distinct: RecordedOutput[] = [];
  const ids = outputs.map((text, target) => {
    store.push(target, "stdout", encoder.encode(text));
    const { id, output } = store.end(target);
    if (output !== undefined) distinct.push(output);
    return id;
  });
  return { ids, distinct };
}

Deno.test("`OutputStore` stores each distinct output once, whatever its chunks", () => {
  fc.assert(fc.property(
    fc.array(fc.constantFrom("4.4.2\n", "4.4.1\n", "", "a\nb\n"), { maxLength: 30 }),
    fc.nat(5),
    (texts, size) => {
      const store = new OutputStore(1024);
      const outputs = new Map<string, string>();
      const ids = texts.map((text, target) => {
        for (let at = 0; at < text.length; at += size + 1) {
          store.push(target, "stdout", encoder.encode(text.slice(at, at + size + 1)));
        }
        const { id, output } = store.end(target);
        if (output !== undefined) {
          assert.ok(!outputs.has(id));
          outputs.set(id, output.stdout);
        }
        return id;
      });
      assert.deepEqual(ids.map((id) => outputs.get(id)), texts);
      assert.equal(outputs.size, new Set(texts).size);
    },
  ));
});

Deno.test("`OutputStore` separates standard output from standard error, and what is beyond its limits", () => {
  const store = new OutputStore(100_000);
  store.push("a", "stdout", encoder.encode("x"));
  store.push("b", "stderr", encoder.encode("x"));
  assert.notEqual(store.end("a").id, store.end("b").id);
  const long = "y".repeat(70_000);
  const { ids, distinct } = stored([long, `${long}1`, `${long}2`, long]);
  assert.equal(new Set(ids).size, 3);
  assert.equal(ids[0], ids[3]);
  assert.deepEqual(distinct.map(({ stdout, omittedBytes }) => [stdout.length, omittedBytes]), [
    [65_536, 4464],
    [65_536, 4465],
    [65_536, 4465],
  ]);
});

Deno.test("`OutputStore` stores no text beyond the limit of a run, and still knows equal outputs", () => {
  const { ids, distinct } = stored(["aaaa", "bbbb", "cccc", "bbbb", "cc"], { limitBytes: 10 });
  assert.deepEqual(distinct.map(({ stdout, omittedBytes }) => [stdout, omittedBytes]), [
    ["aaaa", 0],
    ["bbbb", 0],
    ["", 4],
    ["cc", 0],
  ]);
  assert.equal(ids[1], ids[3]);
});

Deno.test("`OutputStore` stores no secret: neither its text nor a hash that reveals it", () => {
  const { ids, distinct } = stored(
    ["PASSWORD=hunter2\n", "PASSWORD=hunter3\n", "it is s3cr3t!\n"],
    { secrets: ["s3cr3t"] },
  );
  assert.equal(ids[0], ids[1]);
  assert.deepEqual(distinct.map(({ stdout }) => stdout), [
    "PASSWORD=[redacted]\n",
    "it is [redacted]!\n",
  ]);
});

Deno.test("`redactOutput()` removes what looks like a secret, also one that was cut", () => {
  const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
  const table: [string, string][] = [
    ["4.4.2\n", "4.4.2\n"],
    ["tokens: 12 of 30 used\n", "tokens: [redacted] of 30 used\n"],
    [`id ${jwt} x`, "id [redacted] x"],
    [
      "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nb",
      "a\n-----BEGIN RSA PRIVATE KEY-----[redacted]\nb",
    ],
    ["-----BEGIN PRIVATE KEY-----\nMIIEv", "-----BEGIN PRIVATE KEY-----[redacted]"],
    ['DB_PASSWORD="first line\nsecond', "DB_PASSWORD=[redacted]"],
    ["postgres://me:pw@db/x is up", "postgres://me:[redacted]@db/x is up"],
  ];
  for (const [text, redacted] of table) {
    assert.equal(redactOutput(text, [], { cut: false }), redacted);
  }
  assert.equal(redactOutput("see hunt", ["hunter2"], { cut: true }), "see ");
  assert.equal(redactOutput("see hunt", ["hunter2"], { cut: false }), "see hunt");
});
