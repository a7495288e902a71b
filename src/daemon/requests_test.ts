import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { becomeDaemon, type Daemon } from "./daemon.ts";
import { tryFileLock } from "./file_lock.ts";
import type { ProcessIdentity } from "./process_identity.ts";
import { ReportWriter } from "./report_writer.ts";
import { type Answers, ask, receiveRequests, sendRequest, withAnswer } from "./requests.ts";

Deno.test("`receiveRequests()` takes each request by its id, and reports a removed or replaced folder", async () => {
  for (const restored of [false, true]) {
    const parent = await Deno.makeTempDir({ prefix: "kodama-requests-" });
    const folder = `${parent}/requests`;
    const taken = Promise.withResolvers<string>();
    const removed = Promise.withResolvers<void>();
    using lock = await tryFileLock(`${parent}/lock`);
    assert.ok(lock !== undefined);
    using _receiving = receiveRequests<unknown>({ folder, lock }, {
      parse: (value) => value,
      carryOut: (id, request) => Promise.resolve(taken.resolve(`${id} ${JSON.stringify(request)}`)),
      failed: taken.reject,
      folderRemoved: removed.resolve,
    });
    const id = await sendRequest(folder, { kind: "flush" });
    assert.equal(await taken.promise, `${id} {"kind":"flush"}`);
    await Deno.remove(parent, { recursive: true });
    if (restored) {
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(`${parent}/lock`, "");
    }
    await removed.promise;
    if (restored) await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("a request to a process that is still starting is done, and none to the one before it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-requests-" });
  const paths = {
    folder,
    report: `${folder}/report.json`,
    lock: `${folder}/lock`,
    startLock: `${folder}/start.lock`,
    output: `${folder}/output`,
    requests: `${folder}/requests`,
  };
  type Report = ProcessIdentity & Answers;
  const daemon: Daemon<Report> = {
    name: "a daemon",
    paths,
    folderHint: "",
    parse: (value) => value as Report,
  };
  await sendRequest(paths.requests, "earlier");
  const lock = await becomeDaemon(daemon);
  assert.ok(lock !== undefined);
  const options = { clock: systemClock, signal: new AbortController().signal, timeoutMs: 20_000 };
  const asked = ask(daemon, paths.requests, "now", options);
  for (let turn = 0; turn < 100; turn++) await Deno.stat(folder);
  await assert.rejects(Deno.stat(paths.requests), Deno.errors.NotFound, "sent before the report");
  await using report = new ReportWriter<Report>(paths.report, systemClock, {
    pid: Deno.pid,
    processStart: "",
    answered: [],
    undone: {},
  });
  await report.write();
  // It has reported, and doesn't take requests yet.
  await Deno.mkdir(paths.requests, { recursive: true });
  while ((await Array.fromAsync(Deno.readDir(paths.requests))).length === 0);
  const done: unknown[] = [];
  using _receiving = receiveRequests<unknown>({ folder: paths.requests, lock }, {
    parse: (value) => value,
    async carryOut(id, request) {
      done.push(request);
      await report.write(withAnswer(report.report, id, undefined));
    },
    failed: assert.fail,
    folderRemoved: () => {},
  });
  assert.deepEqual(await asked, { kind: "done" });
  assert.deepEqual(done, ["now"]);
  await report.settled();
  lock[Symbol.dispose]();
  assert.deepEqual(await ask(daemon, paths.requests, "later", options), { kind: "exited" });
  await Deno.remove(folder, { recursive: true });
});

Deno.test("`withAnswer()` retains the last answers, and the reasons of those alone", () => {
  let answers = withAnswer({ answered: [], undone: {} }, "0", "a conflict");
  assert.deepEqual(answers, { answered: ["0"], undone: { "0": "a conflict" } });
  for (let id = 1; id <= 50; id++) answers = withAnswer(answers, String(id), undefined);
  assert.deepEqual([answers.answered.length, answers.answered[0]], [50, "1"]);
  assert.deepEqual(answers.undone, {});
});
