import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import type { StartOptions } from "./events.ts";
import { dryStart, start } from "./start.ts";

/** A start with variables from a pipe whose end is never written. */
function startFromPipe() {
  const { host, clock } = simulatedHost({ c: {} });
  const readText = (path: string, maxBytes: number) =>
    path === "/dev/fd/63" ? new Promise<never>(() => {}) : host.files.readText(path, maxBytes);
  const stop = new AbortController();
  const options: StartOptions = {
    name: "work",
    envFiles: ["/dev/fd/63"],
    envExclude: [],
    join: false,
    readyTimeoutMs: 1000,
    sync: { kind: "none" },
    devContainer: { kind: "none" },
    signal: stop.signal,
  };
  return { host: { ...host, files: { ...host.files, readText } }, clock, stop, options };
}

Deno.test("a start that waits for a pipe reports it, and can be aborted", async () => {
  const { host, clock, stop, options } = startFromPipe();
  using _end = clock.timer(5_000, () => stop.abort(new Error("it said nothing")));
  const starting = start(host, options);
  const { value } = await clock.runUntil(starting.next());
  assert.deepEqual(value, { kind: "progress", step: "claim", text: "reading /dev/fd/63" });
  assert.equal(clock.elapsedMs(), 1000);
  const next = starting.next();
  stop.abort(new KodamaError("cancelled", "stopped by SIGTERM"));
  await assert.rejects(next, { kind: "cancelled", message: "stopped by SIGTERM" });
});

Deno.test("so does one that only shows what it would make", async () => {
  const { host, stop, options } = startFromPipe();
  const showing = dryStart(host, options);
  stop.abort(new KodamaError("cancelled", "stopped by SIGTERM"));
  await assert.rejects(showing, { kind: "cancelled" });
});
