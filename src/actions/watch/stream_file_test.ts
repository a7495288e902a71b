import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { Host } from "../host.ts";
import { StreamFile } from "./stream_file.ts";

function hostWith(write: (bytes: Uint8Array) => Promise<void>): { host: Host; log: string[] } {
  const log: string[] = [];
  const host = {
    places: { workingDir: "/work" },
    files: {
      create: (path: string, options: unknown) => {
        log.push(`${path} ${JSON.stringify(options)}`);
        return Promise.resolve({
          write,
          [Symbol.asyncDispose]: () => Promise.resolve(void log.push("closed")),
        });
      },
    },
  };
  return { host: host as unknown as Host, log };
}

Deno.test("a stream is saved to a new private file in the working directory", async () => {
  let text = "";
  const { host, log } = hostWith((bytes) => {
    text += new TextDecoder().decode(bytes);
    return Promise.resolve();
  });
  const file = await StreamFile.create(host, "out.jsonl");
  assert.equal(await file.write("1\n2\n", 2), undefined);
  assert.equal(await file.end(), undefined);
  assert.deepEqual([text, file.lines], ["1\n2\n", 2]);
  assert.deepEqual(log, ['/work/out.jsonl {"private":true,"replace":false}', "closed"]);
});

Deno.test("a full disk ends the saving once, and closes the file", async () => {
  const full = new KodamaError("environment", "cannot write /work/out.jsonl: no space left");
  const { host, log } = hostWith(() => Promise.reject(full));
  const file = await StreamFile.create(host, "out.jsonl");
  assert.equal(await file.write("1\n", 1), full);
  assert.equal(await file.write("2\n", 1), undefined);
  assert.equal(await file.end(), full);
  assert.equal(file.lines, 0);
  assert.equal(log.at(-1), "closed");
});
